/** What the server itself gets from its own web server under the site's name: no DNS and no firewall in between. */

import { outputOf, Unreadable } from '../model/command.ts'
import { fact } from '../model/fact.ts'
import { sh } from '../model/script.ts'

export interface WebAnswer {
  readonly status: number
  /** Names in lower case. A header that came twice has its values joined by commas. */
  readonly headers: ReadonlyMap<string, string>
  /** The first 20,000 characters. */
  readonly body: string
  readonly milliseconds: number
}

/** Seconds for the whole answer. */
const PATIENCE = 10

/**
 * One GET, pinned to the server's own loopback address. No redirect is followed and no certificate is judged.
 *
 * @throws Unreadable when there is no curl, or nothing answers.
 */
export const webAnswer = fact('web/answer', async (context, address: string): Promise<WebAnswer> => {
  const url = new URL(address)
  const port = url.port === '' ? (url.protocol === 'https:' ? 443 : 80) : Number(url.port)
  const result = await context.run(
    sh`
      curl -sk --max-time ${PATIENCE} -A kneeboard --resolve ${`${url.hostname}:${port}:127.0.0.1`} -D - -w '\\n@@ %{http_code} %{time_total}' ${url.href} </dev/null
    `,
    { as: 'root' },
  )
  if (result.ending === 'exited' && result.exitCode !== 0 && result.exitCode !== 127)
    throw new Unreadable(
      `nothing answered at ${url.href} on the server itself: ${whyNothing(result.exitCode ?? -1)}`,
    )
  return parseWebAnswer(outputOf(result, url.href))
})

/** Exit statuses of curl(1) for an answer that did not come, in words. */
function whyNothing(exitCode: number): string {
  const words: Readonly<Record<number, string>> = {
    7: 'the connection was refused',
    28: `no answer within ${PATIENCE} s`,
    35: 'the TLS handshake failed',
    52: 'the connection was closed without an answer',
    56: 'the connection was cut off',
  }
  return words[exitCode] ?? `curl ended with ${exitCode}`
}

/** Reads the head, an empty line, the body, and the last line `@@ STATUS SECONDS`. @throws Unreadable on anything else. */
export function parseWebAnswer(text: string): WebAnswer {
  const [, rest = '', status, seconds] = /^([\s\S]*)\n@@ (\d+) ([\d.]+)\s*$/.exec(text) ?? []
  if (status === undefined) throw new Unreadable('the web server’s answer could not be read')
  const end = rest.search(/\r?\n\r?\n/)
  const head = end === -1 ? rest : rest.slice(0, end)
  const body = end === -1 ? '' : rest.slice(end).replace(/^\r?\n\r?\n/, '')
  const headers = new Map<string, string>()
  for (const line of head.split(/\r?\n/).slice(1)) {
    const [, name, value = ''] = /^([^:\s]+):\s*(.*)$/.exec(line) ?? []
    if (name === undefined) continue
    const known = headers.get(name.toLowerCase())
    headers.set(name.toLowerCase(), known === undefined ? value : `${known}, ${value}`)
  }
  return {
    status: Number(status),
    headers,
    body: body.slice(0, 20_000),
    milliseconds: Math.round(Number(seconds) * 1000),
  }
}
