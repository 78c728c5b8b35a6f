import { z } from 'zod'
import { type HostIdentity, hostIdentity } from '../../src/facts/hostname.ts'
import { textFile } from '../../src/facts/text-file.ts'
import { writeFile } from '../../src/model/action.ts'
import { check } from '../../src/model/check.ts'
import { Unreadable } from '../../src/model/command.ts'
import { remedy } from '../../src/model/remedy.ts'
import { sh } from '../../src/model/script.ts'
import { fail, pass, warn } from '../../src/model/verdict.ts'

const params = z.object({})
/** RFC 1123 §2.1, with dots for a full name. */
const HOST_NAME =
  /^(?=.{1,253}$)[A-Za-z0-9](?:[A-Za-z0-9-]{0,61}[A-Za-z0-9])?(?:\.[A-Za-z0-9](?:[A-Za-z0-9-]{0,61}[A-Za-z0-9])?)*$/
const NAMELESS = new Set(['', '(none)', 'localhost', 'localhost.localdomain'])

export const nameInHosts = remedy({
  id: 'system/name-in-hosts',
  title: 'Make the server’s own name resolve on it',
  why: 'Debian’s way: the name stands in /etc/hosts at 127.0.1.1, so that it resolves without a network.',
  risk: 'The line for 127.0.1.1 is written, and the name is taken off lines with addresses that are not this server’s; all others stay. Where cloud-init manages /etc/hosts, it writes such a line itself at the next boot.',
  grade: 'reversible',
  params,
  async plan({ read }) {
    const identity = await read(hostIdentity)
    const { name } = identity
    if (!HOST_NAME.test(name) || NAMELESS.has(name))
      throw new Unreadable(
        `"${name}" is no name to write down: set one first with \`hostnamectl set-hostname NAME\``,
      )
    const hosts = (await read(textFile, '/etc/hosts')) ?? ''
    return {
      actions: [
        writeFile('/etc/hosts', withOwnName(hosts, name, foreignOf(identity)), {
          title: `Let ${name} resolve to 127.0.1.1`,
          validate: sh`grep -q '^127.0.1.1[[:space:]]' "$candidate"`,
        }),
      ],
      touches: [`/etc/hosts (the lines that name ${name})`],
      undo: 'Put the kept copy of /etc/hosts back.',
      expectedSeconds: 1,
    }
  },
})

/**
 * The hosts file with one line for 127.0.1.1 that names the server: the full name first, then the short one.
 * Other names on such a line are kept; the server's own are taken off lines with one of the foreign addresses.
 */
export function withOwnName(hosts: string, name: string, foreign: readonly string[]): string {
  const own = [...new Set([name, name.split('.', 1)[0] ?? name])]
  const lines = hosts === '' ? [] : hosts.replace(/\n$/, '').split('\n')
  const namesOf = (line: string) => line.replace(/#.*/, '').trim().split(/\s+/)
  const isOwnLine = (line: string) => namesOf(line)[0] === '127.0.1.1'
  const others = lines.filter(isOwnLine).flatMap(line => namesOf(line).slice(1))
  const rest = lines.flatMap((line): string[] => {
    const [address = '', ...names] = namesOf(line)
    if (isOwnLine(line)) return []
    if (!foreign.includes(address) || !names.some(each => own.includes(each))) return [line]
    const kept = names.filter(each => !own.includes(each))
    return kept.length === 0 ? [] : [`${address}\t${kept.join(' ')}`]
  })
  const after = rest.findLastIndex(line => namesOf(line)[0] === '127.0.0.1') + 1
  const line = `127.0.1.1\t${[...new Set([...own, ...others])].join(' ')}`
  return `${[...rest.slice(0, after), line, ...rest.slice(after)].join('\n')}\n`
}

export const hostname = check({
  id: 'system/hostname',
  title: 'The server has a name, and knows it',
  why: 'sudo, mail and monitoring look the server’s own name up. When it does not resolve, every sudo waits for a time-out and logs cannot be told apart.',
  params,
  remedies: [nameInHosts],
  async probe({ read }) {
    const identity = await read(hostIdentity)
    const { name, addresses } = identity
    const details = {
      measured:
        addresses.length === 0 ? `${name}, which does not resolve` : `${name} is ${addresses.join(', ')}`,
      expected: 'a name of its own that resolves to this server',
    }
    if (NAMELESS.has(name) || !HOST_NAME.test(name))
      return warn(`the server’s name is "${name}"`, {
        ...details,
        advice:
          'Give it a name that tells what it is: `hostnamectl set-hostname shop-staging`, then check again.',
      })
    if (addresses.length === 0)
      return fail(`${name} does not resolve on the server itself`, { ...details, remedies: [nameInHosts] })
    const foreign = foreignOf(identity)
    if (foreign.length > 0)
      return warn(`${name} resolves to ${foreign.join(', ')}, which is not this server`, {
        ...details,
        remedies: [nameInHosts],
        advice: 'Look for an old line in /etc/hosts, or an old record in DNS.',
      })
    return pass(`${name} resolves on the server itself`, details)
  },
})

/** Addresses that the name resolves to and that are not this server's. */
function foreignOf({ addresses, ownAddresses }: HostIdentity): string[] {
  return addresses.filter(address => {
    const plain = address.replace(/%.*/, '')
    return !plain.startsWith('127.') && plain !== '::1' && !ownAddresses.includes(plain)
  })
}
