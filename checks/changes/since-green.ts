/** What is different from the last time that all was well: most failures are somebody's change. */

import { z } from 'zod'
import {
  type Area,
  type Change,
  changesBetween,
  fingerprint,
  parseFingerprint,
} from '../../src/facts/fingerprint.ts'
import { check } from '../../src/model/check.ts'
import { pass } from '../../src/model/verdict.ts'
import { stackShape } from '../stack-parameters.ts'
import { domains } from '../tls/parameters.ts'

/** Changes that are named; the evidence has them all. */
const MOST_NAMED = 8

const NOUN: Readonly<Record<Area, string>> = {
  image: 'the image of',
  environment: 'the value of',
  file: 'the file',
  certificate: 'the certificate',
  address: 'the address of',
  port: 'the port',
  job: 'the timer',
  package: 'the package',
}

export const sinceGreen = check({
  id: 'changes/since-green',
  title: 'What has changed since all was well is known',
  why: 'Most failures are somebody’s change. It is no failure by itself, so this check never fails: it says where to look first.',
  params: z.object({ ...stackShape, domains }),
  remembers: true,
  async probe({ params, read, remembered }) {
    const now = await read(fingerprint, params.composeFile, params.domains[0] ?? 'localhost')
    if (remembered === undefined) return pass('this is the first look: the next one is held against it')
    const changes = changesBetween(parseFingerprint(remembered.output), now)
    const since = `${remembered.at.slice(0, 16).replace('T', ' ')} UTC`
    if (changes.length === 0) return pass(`nothing has changed since ${since}, when all was well`)
    return pass(`${changes.length} changes since ${since}, when all was well: ${named(changes)}`, {
      measured: `${changes.length} changes`,
    })
  },
})

/** The likeliest explanations, as words. Pure. */
export function named(changes: readonly Change[]): string {
  const words = changes
    .slice(0, MOST_NAMED)
    .map(({ area, name, how }) => `${NOUN[area]} ${name}${how === 'changed' ? '' : ` is ${how}`}`)
  const more = changes.length - words.length
  return words.join(', ') + (more > 0 ? ` and ${more} more` : '')
}
