/**
 * Parameters that several checks share. A runbook asks for each name once, so checks that mean the same thing
 * use the same name with the schema from here.
 */

import { z } from 'zod'
import { Port, UserName } from '../src/model/target.ts'

/** A path from the root, without `..` and without control characters, so that it can stand in a file and on a screen. */
export const AbsolutePath = z
  .string()
  .max(4095)
  .regex(/^\/[^\x00-\x1f\x7f]*$/, 'a path that starts with / and holds no control characters')
  .refine(path => !path.split('/').includes('..'), 'a path without ..')

/** A list is also taken as one text with commas, as it comes from `--set webPorts=80,443` or from a form. */
function listOf<T extends z.ZodType>(item: T) {
  return z.preprocess(
    value =>
      typeof value === 'string'
        ? value
            .split(/[\s,]+/)
            .map(part => part.trim())
            .filter(part => part !== '')
        : typeof value === 'number'
          ? [value]
          : value,
    z.array(item),
  )
}

/** One line of an authorized_keys file without options: `ssh-ed25519 AAAA… comment`; or nothing. */
const PublicKeyLine = z
  .string()
  .trim()
  .regex(
    /^$|^(ssh-ed25519|ssh-rsa|ecdsa-sha2-nistp(256|384|521)|sk-(ssh-ed25519|ecdsa-sha2-nistp256)@openssh\.com) [A-Za-z0-9+/]{40,}={0,2}( [^\x00-\x1f\x7f]*)?$/,
    'one line of an OpenSSH public key, like "ssh-ed25519 AAAA… name" (the contents of a .pub file)',
  )

/** An IPv4 or IPv6 address. */
const Address = z.union([z.ipv4(), z.ipv6()], 'an IPv4 or IPv6 address')

export const deployUser = UserName.default('deploy').describe(
  'The user that deployments and operators log in as',
)

export const deployKey = PublicKeyLine.default('').describe(
  'A public key line to authorise for that user; empty: the keys that let you in now',
)

export const sudo = z
  .enum(['passwordless', 'password'])
  .default('passwordless')
  .describe('How that user becomes root: without a password, or with its own')

export const rootLogin = z
  .enum(['key-only', 'no'])
  .default('key-only')
  .describe('Whether root may log in over SSH: with a key only, or not at all')

export const webPorts = listOf(Port)
  .default([80, 443])
  .describe('TCP ports that the world may reach besides SSH')

export const appDirectory = AbsolutePath.default('/opt/webshop').describe(
  'The directory that the application is deployed to',
)

export const dockerSource = z
  .enum(['distribution', 'docker'])
  .default('distribution')
  .describe('Where Docker comes from: the distribution’s packages, or Docker’s own repository')

export const dnsServers = listOf(Address)
  .default([])
  .describe('Name servers for containers; empty: left alone unless containers cannot resolve names')
