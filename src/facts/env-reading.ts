/**
 * The awk program that reads env files, what Compose makes of them, and what containers run with. It runs on the
 * server and prints no value: it numbers them. Two values with the same number are the same text, and a number tells
 * nothing else, so that it cannot be guessed at as a hash can.
 */

import { type Script, verbatim } from '../model/script.ts'

/**
 * Names whose values are read as they are: addresses, switches and figures that a verdict has to name. None of them
 * opens anything; one that holds an `@`, a space or a quote is withheld all the same.
 */
export const PLAIN_NAMES = [
  'ALLOWED_HOSTS',
  'BACKEND_URL',
  'BACKUP_RETENTION_DAYS',
  'CSP_REPORT_ONLY',
  'DB_HOST',
  'DB_NAME',
  'DB_PORT',
  'DB_USER',
  'DEBUG',
  'GUNICORN_WORKERS',
  'IMAGE_TAG',
  'NEXT_PUBLIC_API_URL',
  'POSTGRES_DB',
  'POSTGRES_USER',
  'SENTRY_ENVIRONMENT',
  'SENTRY_RELEASE',
  'SENTRY_TRACES_SAMPLE_RATE',
  'SHOP_VERSION',
] as const

/**
 * Lines in: `@@ KIND WORDS…` opens a section, `|TEXT` is one line of it. Lines out, with tabs between the fields:
 * `KIND WHERE NAME NUMBER LENGTH DISTINCT FLAGS PLAIN`. FLAGS: `a` letters and digits alone, `t` and `l` the prefixes
 * of payment keys, `p` a placeholder, `q` no closing quote on its line; `-` none.
 */
export const numberValues: Script = verbatim(`awk '
function unescape(text,  out, at, next2) {
  out = ""
  while ((at = index(text, "\\\\")) > 0) {
    out = out substr(text, 1, at - 1)
    next2 = substr(text, at + 1, 1)
    if (next2 == "n") out = out "\\n"
    else if (next2 == "t") out = out "\\t"
    else if (next2 == "r") out = out "\\r"
    else if (next2 == "u" && (substr(text, at + 2, 4) in low)) {
      out = out low[substr(text, at + 2, 4)]
      text = substr(text, at + 6); continue
    } else out = out next2
    text = substr(text, at + 2)
  }
  return out text
}
function dollars(text) { gsub(/\\$\\$/, "$", text); return text }
function distinct(text,  seen, count, at, letter) {
  count = 0
  for (at = 1; at <= length(text) && at <= 200; at++) {
    letter = substr(text, at, 1)
    if (!(letter in seen)) { seen[letter] = 1; count++ }
  }
  return count
}
function say(kind, where, name, value, open,  flags, lower, plain) {
  if (!(value in number)) number[value] = ++numbers
  flags = open ? "q" : ""
  if (value ~ /^[A-Za-z0-9]+$/) flags = flags "a"
  if (value ~ /^test_/) flags = flags "t"
  if (value ~ /^live_/) flags = flags "l"
  lower = tolower(value)
  if (lower ~ /change[-_ ]?me|changeit|^your[-_ ]|[-_]your[-_]|placeholder|replace[-_ ]?(me|this|with)|^todo|^fixme|^<.*>$|^x+$|^\\.\\.\\.$/) flags = flags "p"
  plain = (name in plainName) && length(value) <= 300 && value ~ /^[][A-Za-z0-9_.,:\\/*-]*$/ ? value : ""
  print kind "\\t" where "\\t" name "\\t" number[value] "\\t" length(value) "\\t" distinct(value) "\\t" (flags == "" ? "-" : flags) "\\t" plain
}
function assignment(line,  name, value, quote, rest, at) {
  sub(/\\r$/, "", line)
  sub(/^[ \\t]+/, "", line)
  sub(/^export[ \\t]+/, "", line)
  if (line !~ /^[A-Za-z_][A-Za-z0-9_.-]*[ \\t]*=/) return
  at = index(line, "=")
  name = substr(line, 1, at - 1); sub(/[ \\t]+$/, "", name)
  value = substr(line, at + 1); sub(/^[ \\t]+/, "", value)
  quote = substr(value, 1, 1)
  if (quote == "\\"" || quote == "\\047") {
    rest = substr(value, 2); at = index(rest, quote)
    if (at > 0) { say(kind, where, name, substr(rest, 1, at - 1), 0); return }
    say(kind, where, name, rest, 1); return
  }
  sub(/[ \\t]+#.*$/, "", value); if (value ~ /^#/) value = ""
  sub(/[ \\t]+$/, "", value)
  say(kind, where, name, value, 0)
}
BEGIN {
  low["003c"] = "<"; low["003e"] = ">"; low["0026"] = "&"; low["0027"] = "\\047"; low["0022"] = "\\""
  split("${PLAIN_NAMES.join(' ')}", names, " ")
  for (at in names) plainName[names[at]] = 1
}
/^@@ / { kind = $2; where = $3; services = 0; inside = 0; if (kind == "say") print substr($0, 8); next }
{ line = substr($0, 2) }
kind == "file" { assignment(line); next }
kind == "container" || kind == "image" {
  if (line !~ /^".*"$/) next
  line = unescape(substr(line, 2, length(line) - 2)); at = index(line, "=")
  if (at > 1) say(kind, where, substr(line, 1, at - 1), substr(line, at + 1), 0)
  next
}
kind == "resolved" {
  if (line ~ /^  "services": \\{$/) services = 1
  else if (line ~ /^  [}"]/) services = 0
  if (!services) next
  if (line ~ /^    "[^"]*": \\{$/) { service = line; sub(/^ *"/, "", service); sub(/": \\{$/, "", service) }
  else if (line ~ /^      "environment": \\{$/) inside = 1
  else if (line ~ /^      [}"]/) inside = 0
  else if (inside && line ~ /^        "[^"]*": ".*",?$/) {
    name = line; sub(/^ *"/, "", name); sub(/".*$/, "", name)
    value = line; sub(/^ *"[^"]*": "/, "", value); sub(/",?$/, "", value)
    say(kind, service, name, dollars(unescape(value)), 0)
  }
}
'`)
