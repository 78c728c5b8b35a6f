/** What a wrong answer on the challenge's path comes from. Pure. */

export interface Seen {
  /** 0 when nothing answered. */
  readonly status: number
  readonly location: string
  readonly body: string
  readonly reason: string
}

export interface Situation {
  readonly token: string
  /** False when nothing was written, so that a right answer is impossible. */
  readonly written: boolean
  /** Whether nginx's surroundings see the file that certbot's side wrote. */
  readonly seenByNginx: boolean | null
  readonly domains: readonly string[]
}

/** The cause as the end of a sentence; null for a right answer, and for a redirect that the CA may follow. */
export function causeOf(seen: Seen, { token, written, seenByNginx, domains }: Situation): string | null {
  const { status, location, body } = seen
  if (status === 0) return `nothing answers on port 80 (${seen.reason})`
  if (written && status === 200 && body.trim() === token) return null
  if (status >= 300 && status < 400) {
    const host = URL.canParse(location) ? new URL(location).hostname : ''
    if (host === '' && !location.startsWith('/')) return `it answers ${status} without a place to go to`
    return host === '' || domains.includes(host)
      ? null
      : `the path is redirected to another host, ${host}, which does not have the answer`
  }
  if (status === 401) return 'basic authentication covers the path (401), and the CA has no password'
  if (status === 403) return 'nginx denies the path (403): a rule “deny”, or a file that it may not read'
  if (status === 404 && !written) return null
  if (status === 404)
    return seenByNginx === false
      ? 'nginx does not see the file that certbot wrote (404): the two do not have the same volume mounted there'
      : 'nginx sees the file but looks elsewhere (404): the “root” of the location is wrong, or there is no location'
  if (status === 200)
    return /<html|<!doctype/i.test(body)
      ? 'the application answers with a page of its own (200, HTML): its fallback takes the path'
      : 'another text comes back than the one that was written'
  if (status >= 500) return `nginx passes the path on to an application that fails (${status})`
  return `the answer is ${status}`
}
