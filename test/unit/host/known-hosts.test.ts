import { execFileSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, describe, expect, it } from 'vitest'
import {
  judgeHostKey,
  knownHostsEntry,
  knownHostsName,
  knownKeyTypes,
  matchesHost,
  parseKnownHosts,
} from '../../../src/host/known-hosts.ts'
import { readKnownHosts, rememberHostKey } from '../../../src/host/known-hosts-files.ts'

// Made with ssh-keygen for this test; their private halves are gone.
const ED = 'AAAAC3NzaC1lZDI1NTE5AAAAIFrqSaBOhYNS3XmaeRbNdsGqO8wIhnKmJgFh0GQOBJkH'
const ED2 = 'AAAAC3NzaC1lZDI1NTE5AAAAIHYy0hxfjo7bTbBZrwqp0yYPcBJsy5G0tpdA8uIWBJHC'
const ecKey = Buffer.concat([
  Buffer.from([0, 0, 0, 19]),
  Buffer.from('ecdsa-sha2-nistp256'),
  Buffer.alloc(80, 7),
]).toString('base64')

const folder = mkdtempSync(join(tmpdir(), 'kneeboard-known-'))
afterAll(() => rmSync(folder, { recursive: true }))

const file = [
  '# a comment',
  '',
  `plain.example,192.0.2.7 ssh-ed25519 ${ED} with a comment`,
  `*.wild.example,!not.wild.example ssh-ed25519 ${ED}`,
  `h?st.example ssh-ed25519 ${ED}`,
  `[ported.example]:2222 ssh-ed25519 ${ED}`,
  `[*.ported.example]:2222 ssh-ed25519 ${ED}`,
  `2001:db8::1 ssh-ed25519 ${ED}`,
  `[2001:db8::2]:2222 ssh-ed25519 ${ED}`,
  `UPPER.example ssh-ed25519 ${ED}`,
  `@revoked revoked.example ssh-ed25519 ${ED}`,
  `@cert-authority *.ca.example ssh-ed25519 ${ED}`,
  `both.example ssh-ed25519 ${ED}`,
  `both.example ecdsa-sha2-nistp256 ${ecKey}`,
  'broken.example ssh-ed25519',
  knownHostsEntry('hashed.example', Buffer.from(ED, 'base64'), true).trim(),
  knownHostsEntry('[hashed.example]:2222', Buffer.from(ED, 'base64'), true).trim(),
].join('\n')

const NAMES: readonly (readonly [string, number])[] = [
  ['plain.example', 22],
  ['192.0.2.7', 22],
  ['plain.example', 2222],
  ['other.example', 22],
  ['a.wild.example', 22],
  ['a.b.wild.example', 22],
  ['not.wild.example', 22],
  ['wild.example', 22],
  ['host.example', 22],
  ['hoost.example', 22],
  ['ported.example', 22],
  ['ported.example', 2222],
  ['x.ported.example', 2222],
  ['2001:db8::1', 22],
  ['2001:db8::2', 2222],
  ['2001:db8::2', 22],
  ['upper.example', 22],
  ['revoked.example', 22],
  ['x.ca.example', 22],
  ['both.example', 22],
  ['broken.example', 22],
  ['hashed.example', 22],
  ['hashed.example', 2222],
  ['hashed.example', 2223],
]

describe('known_hosts', () => {
  const path = join(folder, 'known_hosts')
  writeFileSync(path, file)
  const lines = parseKnownHosts(file, path)

  it.each(NAMES)('finds the lines for %s port %i that ssh-keygen -F finds', (host, port) => {
    const name = knownHostsName(host, port)
    const ours = lines.filter(line => matchesHost(line.hosts, name)).map(line => line.line)
    expect(ours).toEqual(linesBySshKeygen(path, name))
  })

  it('trusts a known key, and tells a changed one from one of another type', () => {
    const name = 'plain.example'
    expect(judgeHostKey(lines, name, { type: 'ssh-ed25519', key: ED })).toEqual({ verdict: 'trusted' })
    const changed = judgeHostKey(lines, name, { type: 'ssh-ed25519', key: ED2 })
    expect(changed).toMatchObject({ verdict: 'changed', known: { line: 3, file: path } })
    const other = judgeHostKey(lines, name, { type: 'ecdsa-sha2-nistp256', key: ecKey })
    expect(other).toEqual({ verdict: 'unknown', otherTypes: ['ssh-ed25519'] })
  })

  it('refuses a revoked key even where another line trusts it', () => {
    const both = parseKnownHosts(`x ssh-ed25519 ${ED}\n@revoked * ssh-ed25519 ${ED}`, 'f')
    expect(judgeHostKey(both, 'x', { type: 'ssh-ed25519', key: ED }).verdict).toBe('revoked')
  })

  it('does not trust a key because a certificate authority stands there', () => {
    const verdict = judgeHostKey(lines, 'x.ca.example', { type: 'ssh-ed25519', key: ED })
    expect(verdict).toEqual({ verdict: 'unknown', otherTypes: [] })
  })

  it('never falls back from a port to the bare name', () => {
    const verdict = judgeHostKey(lines, '[plain.example]:2222', { type: 'ssh-ed25519', key: ED })
    expect(verdict.verdict).toBe('unknown')
  })

  it('knows which key types to ask for first', () => {
    expect(knownKeyTypes(lines, 'both.example')).toEqual(['ssh-ed25519', 'ecdsa-sha2-nistp256'])
    expect(knownKeyTypes(lines, 'revoked.example')).toEqual([])
  })

  it('writes entries that ssh-keygen finds, hashed where the file is hashed, 0600', async () => {
    const fresh = join(folder, 'deep', 'er', 'fresh')
    await rememberHostKey(fresh, '[new.example]:2222', Buffer.from(ED, 'base64'))
    expect(readFileSync(fresh, 'utf8')).toBe(`[new.example]:2222 ssh-ed25519 ${ED}\n`)
    expect(statSync(fresh).mode & 0o777).toBe(0o600)

    const hashed = join(folder, 'hashed')
    writeFileSync(hashed, knownHostsEntry('old.example', Buffer.from(ED, 'base64'), true).trimEnd())
    await rememberHostKey(hashed, 'new.example', Buffer.from(ED2, 'base64'))
    expect(readFileSync(hashed, 'utf8')).not.toContain('new.example')
    expect(linesBySshKeygen(hashed, 'new.example')).toEqual([2])
    expect(linesBySshKeygen(hashed, 'old.example')).toEqual([1])
  })

  it('refuses when a file is there and cannot be read', async () => {
    await expect(readKnownHosts([join(folder, 'missing'), folder])).rejects.toMatchObject({
      exitCode: 78,
      message: expect.stringContaining(`${folder} cannot be read (EISDIR)`),
    })
  })
})

function linesBySshKeygen(path: string, name: string): number[] {
  try {
    const out = execFileSync('ssh-keygen', ['-F', name, '-f', path], { encoding: 'utf8' })
    return [...out.matchAll(/found: line (\d+)/g)].map(match => Number(match[1]))
  } catch {
    return []
  }
}
