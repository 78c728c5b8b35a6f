import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { decideHostKey, hostKeyAlgorithms, strictVerifier } from '../../../src/host/host-key.ts'
import { fingerprint, parseKnownHosts } from '../../../src/host/known-hosts.ts'

function globSources(folder: string): string[] {
  return readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter(entry => entry.isFile())
    .map(entry => join(entry.parentPath, entry.name))
}

const key = Buffer.from('AAAAC3NzaC1lZDI1NTE5AAAAIFrqSaBOhYNS3XmaeRbNdsGqO8wIhnKmJgFh0GQOBJkH', 'base64')
const print = fingerprint(key)
const lines = parseKnownHosts(`known ssh-ed25519 ${key.toString('base64')}`, 'f')

describe('host keys', () => {
  it.each([null, 0, '', undefined, 1, 'yes', {}, Promise.resolve(true), Promise.resolve(false), false])(
    'takes %o for a no',
    answer => {
      expect(strictVerifier(() => answer)(key)).toBe(false)
    },
  )

  it('takes a throw for a no, and only an exact true for a yes', () => {
    const broken = strictVerifier(() => {
      throw new Error('broken')
    })
    expect(broken(key)).toBe(false)
    expect(strictVerifier(() => true)(key)).toBe(true)
  })

  it('accepts a pinned key that no file knows, and refuses a known one that is not pinned', () => {
    expect(decideHostKey({ only: print, lines: [], name: 'x' }, key)).toMatchObject({
      trusted: true,
      learn: false,
    })
    const other = `SHA256:${'A'.repeat(43)}`
    expect(decideHostKey({ only: other, lines, name: 'known' }, key)).toMatchObject({
      trusted: false,
      why: 'not-the-one',
    })
  })

  it('learns a key that was named for first contact, and no other', () => {
    expect(decideHostKey({ accept: print, lines: [], name: 'x' }, key)).toMatchObject({
      trusted: true,
      learn: true,
    })
    expect(decideHostKey({ accept: print, lines, name: 'known' }, key)).toMatchObject({
      trusted: true,
      learn: false,
    })
    const other = `SHA256:${'A'.repeat(43)}`
    expect(decideHostKey({ accept: other, lines: [], name: 'x' }, key)).toMatchObject({ why: 'not-the-one' })
    expect(decideHostKey({ lines: [], name: 'x' }, key)).toMatchObject({ why: 'unknown' })
  })

  it('refuses a revoked key even when it is the pinned one', () => {
    const revoked = parseKnownHosts(`@revoked * ssh-ed25519 ${key.toString('base64')}`, 'f')
    expect(decideHostKey({ only: print, lines: revoked, name: 'x' }, key)).toMatchObject({ why: 'revoked' })
  })

  it('does not let --accept-host-key wave a changed key through', () => {
    const changed = parseKnownHosts(`x ssh-ed25519 ${Buffer.alloc(51, 1).toString('base64')}`, 'f')
    expect(decideHostKey({ accept: print, lines: changed, name: 'x' }, key)).toMatchObject({ why: 'changed' })
  })

  it('are decided in one place: nothing else opens a connection', () => {
    const opening = globSources('src').filter(file =>
      /new ssh2\.Client|new Client\(/.test(readFileSync(file, 'utf8')),
    )
    expect(opening).toEqual(['src/host/ssh-connection.ts'])
  })

  it('asks for the known key types first, and never for SHA-1', () => {
    expect(hostKeyAlgorithms(['ssh-rsa'])[0]).toBe('rsa-sha2-512')
    expect(hostKeyAlgorithms([])).not.toContain('ssh-rsa')
    expect(hostKeyAlgorithms(['ssh-dss'])).not.toContain('ssh-dss')
    expect(hostKeyAlgorithms(['ssh-rsa'], [])).toEqual(['rsa-sha2-512', 'rsa-sha2-256'])
  })
})
