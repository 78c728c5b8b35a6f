/** The shell of the hardening: what proves a candidate, what keeps a copy, what puts everything back. */

import type { SshdService } from '../../src/facts/sshd-service.ts'
import { filesOf, SSHD_CONFIG, type SshdSources } from '../../src/facts/sshd-sources.ts'
import { includesOf } from '../../src/facts/sshd-syntax.ts'
import { type Script, sh, verbatim } from '../../src/model/script.ts'
import { DROP_IN, type DropIn } from './drop-in.ts'

/**
 * Lets sshd itself read the candidate before anything else, from a main file of its own in a temporary place,
 * and holds its effective configuration against what the drop-in is meant to bring about.
 */
export function validateDropIn(dropIn: DropIn): Script {
  const lines = dropIn.proof.map(words => sh`expect ${words.join('|')}`.text)
  return sh`
    PATH=$PATH:/usr/sbin:/sbin
    [ -d /run/sshd ] || mkdir -m 0755 /run/sshd
    main=$(mktemp) || exit 1
    trap 'rm -f -- "$main"' EXIT
    { printf 'Include %s\\n' "$candidate"; cat ${SSHD_CONFIG}; } > "$main"
    sshd -t -f "$main" || exit 1
    effective=$(sshd -T -f "$main") || exit 1
    expect() {
      printf '%s\\n' "$effective" | grep -Eqx -- "$1" || { echo "with it sshd would not say: $1" >&2; exit 1; }
    }
    ${verbatim(lines.join('\n'))}
  `
}

/** Lets sshd read the candidate of the main file. */
export const validateMain: Script = sh`
  PATH=$PATH:/usr/sbin:/sbin
  [ -d /run/sshd ] || mkdir -m 0755 /run/sshd
  sshd -t -f "$candidate"
`

/** Where the copy of one exact state is kept. The digest makes a copy of another state impossible to mistake for it. */
export const copyFolder = (digest: string): string => `/var/backups/kneeboard/sshd-${digest}`

/** Refuses when a file is no longer as the plan saw it; else keeps a complete copy, moved into place when whole. */
export function keepCopy(sources: SshdSources, folder: string): Script {
  const files = filesOf(sources)
  const sums = files.map(file => `${file.sha256}  ${file.path}`)
  return sh`
    set -eu
    umask 077
    printf '%s\\n' ${sums} | sha256sum -c - >/dev/null || {
      echo 'the configuration of sshd is no longer the one that this plan was made from; nothing was changed' >&2
      exit 1
    }
    copy=${folder}
    rm -rf -- "$copy.part" "$copy"
    mkdir -p -- "$copy.part"
    for file in ${files.map(file => file.path)}; do
      mkdir -p -- "$copy.part\${file%/*}"
      cp -p -- "$file" "$copy.part$file"
    done
    mv -- "$copy.part" "$copy"
  `
}

/**
 * Puts sshd back into the state that the plan was made from: files of then as they were, files that came since
 * set aside under a name that sshd does not read. May run twice, and when nothing was changed yet.
 */
export function putBack(sources: SshdSources, service: SshdService, folder: string): Script {
  const known = filesOf(sources).map(file => file.path)
  const globs = [...new Set(globsOf(sources))].filter(isGlob)
  return sh`
    PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin
    copy=${folder}
    [ -d "$copy" ] || exit 0
    ${known.includes(DROP_IN) ? verbatim(':') : sh`rm -f -- ${DROP_IN}`}
    for file in ${verbatim(globs.join(' '))}; do
      [ ! -f "$file" ] || [ -f "$copy$file" ] || mv -f -- "$file" "$file.set-aside-by-kneeboard"
    done
    for file in ${known}; do
      cmp -s -- "$copy$file" "$file" && continue
      cp -p -- "$copy$file" "$file.kneeboard-revert" && mv -f -- "$file.kneeboard-revert" "$file"
    done
    ${reload(service)}
  `
}

/**
 * A running service reads its files again without touching open sessions, or is started if the change ended it.
 * One that only starts with the next login has nothing to read again.
 */
export function reload({ unit, active }: SshdService): Script {
  return active ? sh`systemctl reload-or-restart ${unit}` : sh`systemctl try-reload-or-restart ${unit}`
}

function globsOf(sources: SshdSources): string[] {
  return filesOf(sources).flatMap(file => includesOf(file.text))
}

/** A pattern that is safe to stand unquoted: nothing but names, slashes and wildcards. */
const isGlob = (pattern: string): boolean => /^[\w/.@%+*?-]+$/.test(pattern) && /[*?]/.test(pattern)
