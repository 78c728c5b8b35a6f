/** Private keys in text: whole blocks, and what is left of them when output was cut off. */

const MARK = '[secret]'
const BEGIN = /-----BEGIN [A-Z0-9 ]{0,40}PRIVATE KEY(?: BLOCK)?-----/g
const END = /-----END [A-Z0-9 ]{0,40}PRIVATE KEY(?: BLOCK)?-----/g
/** What a key's body is made of, also where its line ends were escaped as in JSON. */
const BODY = /[A-Za-z0-9+/=\s\\]*/y
const BODY_LINE = /^\s*[A-Za-z0-9+/=]{1,100}\s*$/
/** Characters of the longest block: an RSA key of 16384 bits has some 12 600. */
const LONGEST = 20_000

/** Replaces private keys by `[secret]`. Every character is looked at a fixed number of times. */
export function redactPrivateKeys(text: string): string {
  if (!text.includes('PRIVATE KEY')) return text
  return withoutTails(withoutBlocks(text))
}

function withoutBlocks(text: string): string {
  const ends = [...text.matchAll(END)].map(match => match.index + match[0].length)
  let nextEnd = 0
  let out = ''
  let done = 0
  for (const begin of text.matchAll(BEGIN)) {
    if (begin.index < done) continue
    while ((ends[nextEnd] ?? Number.POSITIVE_INFINITY) <= begin.index) nextEnd++
    const end = ends[nextEnd]
    out += text.slice(done, begin.index) + MARK
    done =
      end !== undefined && end - begin.index <= LONGEST ? end : endOfBody(text, begin.index + begin[0].length)
  }
  return out + text.slice(done)
}

function endOfBody(text: string, from: number): number {
  BODY.lastIndex = from
  return from + (BODY.exec(text)?.[0].trimEnd().length ?? 0)
}

/** Ends whose beginning was cut off: the lines of key material before them go too. */
function withoutTails(text: string): string {
  let out = ''
  let done = 0
  for (const end of text.matchAll(END)) {
    let from = end.index
    while (from > done) {
      const lineStart = Math.max(done, text.lastIndexOf('\n', from - 2) + 1)
      if (!BODY_LINE.test(text.slice(lineStart, Math.min(from, lineStart + 200)))) break
      from = lineStart
    }
    out += text.slice(done, from) + MARK
    done = end.index + end[0].length
  }
  return out + text.slice(done)
}
