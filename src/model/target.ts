/** The server at hand: how it is called, what it is for, how it is reached. */

import { z } from 'zod'

/** What a server is for. `practice` is the built-in one; staging alone may have its data reset. */
export const Environment = z.enum(['production', 'staging', 'practice'])
export type Environment = z.infer<typeof Environment>

/** A stored target's name: what is typed after `-t` and, for destructive remedies, as confirmation. */
export const TargetName = z
  .string()
  .regex(
    /^[A-Za-z0-9][A-Za-z0-9._-]{0,62}$/,
    'letters, digits, dot, dash and underscore, at most 63, starting with a letter or digit',
  )

/** A host as a person types it: a name, an IPv4 or an IPv6 address. Never starts with a dash (CVE-2023-51385). */
export const HostName = z
  .string()
  .regex(
    /^[A-Za-z0-9_][A-Za-z0-9._-]{0,252}$|^[0-9A-Fa-f:]*:[0-9A-Fa-f:.]+(%[A-Za-z0-9]+)?$/,
    'a host name or an IP address',
  )

/** A login name as Debian's adduser accepts it. */
export const UserName = z
  .string()
  .regex(/^[a-z_][a-z0-9_-]{0,31}$/, 'a user name: lower-case letters, digits, dash, underscore, at most 32')

/** 1 to 65535. */
export const Port = z.coerce.number().int().min(1).max(65535)

/** What runs on the server. Everything has a default that fits the deployment guide; a runbook's parameters start from it. */
export const Stack = z.record(z.string(), z.union([z.string(), z.number(), z.boolean(), z.array(z.string())]))
export type Stack = z.infer<typeof Stack>

/** One server as it is kept in the configuration. No secret is ever part of it. */
export const Target = z.strictObject({
  name: TargetName,
  environment: Environment,
  /** A name, an address, a `Host` of the OpenSSH client configuration, or `localhost` without SSH. */
  host: z.string().min(1),
  user: z.string().optional(),
  port: Port.optional(),
  /** Path of a private key to offer before the others. */
  identity: z.string().optional(),
  /** `SHA256:…` of the one host key to accept: beats every known_hosts file. */
  hostKey: z
    .string()
    .regex(/^SHA256:[A-Za-z0-9+/]{43}$/)
    .optional(),
  stack: Stack.default({}),
})
export type Target = z.infer<typeof Target>
