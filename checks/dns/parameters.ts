import { z } from 'zod'
import { domains, resolvers } from '../tls/parameters.ts'

/** What every look at DNS needs. */
export const dnsParams = z.object({ domains, resolvers })

/** The names without a star: a wildcard has no address of its own. */
export const plainNames = (names: readonly string[]): string[] => names.filter(name => !name.startsWith('*.'))
