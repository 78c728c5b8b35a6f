/**
 * The truth table of an HTTP-01 validation: which address the CA tries first, what it gets there, and whether it
 * falls back. IPv6 always goes first; only a time-out of the first connection is followed by one try over IPv4
 * (Let's Encrypt’s documentation; domain §4).
 */

import { familyOf } from '../../src/facts/address.ts'
import type { Fetched } from '../../src/facts/outside.ts'

/** Whose an address is. `behind-nat`: the server has private addresses only, so it cannot be told. */
export type Owner = 'this server' | 'another machine' | 'a proxy' | 'behind-nat'

export interface Row {
  readonly address: string
  readonly owner: Owner
  /** What this machine got there; null when it was not asked. */
  readonly answer: Fetched | null
}

export interface Outlook {
  /** The address that is tried first; null without any. */
  readonly first: Row | null
  readonly works: boolean | null
  /** “the CA will try … first, gets …, and will not fall back to IPv4”. */
  readonly sentence: string
}

/**
 * @param token the text of a right answer; null when none was written, so that every answer is a wrong one.
 */
export function outlook(rows: readonly Row[], token: string | null): Outlook {
  const first = rows.find(row => familyOf(row.address) === 6) ?? rows[0]
  if (first === undefined)
    return { first: null, works: false, sentence: 'the CA finds no address to connect to' }
  const works = isToken(first.answer, token)
  const opening = `the CA will try ${first.address}${ownerNote(first.owner)} first, ${gets(first.answer, token)}`
  return { first, works, sentence: opening + fallback(first, rows, works) }
}

function isToken(answer: Fetched | null, token: string | null): boolean | null {
  if (answer === null || answer.outcome === 'no-route-from-here') return null
  return answer.outcome === 'answered' && answer.status === 200 && answer.body.trim() === token
}

const ownerNote = (owner: Owner): string =>
  owner === 'another machine' ? ', which is not this server,' : owner === 'a proxy' ? ', a proxy,' : ''

/** What the CA gets, as it goes on in a sentence. */
export function gets(answer: Fetched | null, token: string | null): string {
  if (answer === null) return 'with an outcome that was not tried'
  switch (answer.outcome) {
    case 'refused':
      return 'is refused the connection'
    case 'timed-out':
      return 'gets no answer'
    case 'broken':
      return `gets a broken answer (${answer.reason})`
    case 'no-route-from-here':
      return 'with an outcome that cannot be seen from your machine, which has no route there'
    case 'answered':
      if (answer.status === 200 && token !== null && answer.body.trim() === token)
        return 'gets the right answer'
      if (answer.status === 200) return 'gets a page instead of the answer'
      if (answer.location !== '') return `is sent on to ${answer.location} (${answer.status})`
      return `gets the answer ${answer.status}`
  }
}

function fallback(first: Row, rows: readonly Row[], works: boolean | null): string {
  if (familyOf(first.address) !== 6 || works === true) return ''
  const next = rows.find(row => familyOf(row.address) === 4)
  if (next === undefined) return ', and there is no IPv4 address to fall back to'
  if (first.answer?.outcome === 'timed-out')
    return `, and may then try ${next.address} over IPv4 once, which not every CA does`
  return works === null ? '' : ', and will not fall back to IPv4'
}
