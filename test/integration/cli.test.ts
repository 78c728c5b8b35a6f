/** The command line as scripts use it: one plain sentence, the right exit code, nothing half done. */

import { type ChildProcess, spawn } from 'node:child_process'
import {
  appendFileSync,
  chmodSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { readJournal } from '../../src/engine/journal.ts'
import { makeKey, type Sshd, startSshd } from './sshd.ts'

const PROGRAM = fileURLToPath(new URL('../../dist/kneeboard.js', import.meta.url))
/** Checks that only read, and pass or not on any machine: what matters here is how the program ends. */
const CHECK = 'system/disk-space'

let sshd: Sshd
beforeAll(async () => {
  sshd = await startSshd()
})
afterAll(() => sshd?.stop())

const newHome = () => mkdtempSync(join(tmpdir(), 'kneeboard-cli-'))

function begin(words: readonly string[], home: string): ChildProcess {
  return spawn(process.execPath, [PROGRAM, ...words], {
    env: { ...process.env, KNEEBOARD_HOME: home, CI: '' },
    stdio: ['ignore', 'pipe', 'pipe'],
  })
}

function ended(child: ChildProcess): Promise<{ code: number | null; out: string; err: string }> {
  let out = ''
  let err = ''
  child.stdout?.on('data', data => {
    out += data
  })
  child.stderr?.on('data', data => {
    err += data
  })
  return new Promise(resolve => child.on('close', code => resolve({ code, out, err })))
}

const call = (words: readonly string[], home = newHome()) => ended(begin(words, home))

const reach = (more: readonly string[] = []) => [
  '-t',
  `${sshd.user}@127.0.0.1:${sshd.port}`,
  '--ssh-config',
  sshd.clientConfig,
  '--known-hosts',
  sshd.knownHosts,
  '--identity',
  sshd.identity,
  ...more,
]

test('a check over SSH ends with JSON on standard output and nothing else there', async () => {
  const { out, code } = await call(['check', CHECK, ...reach(['--format', 'json'])])
  const report = JSON.parse(out) as {
    schema: number
    status: string
    checks: { id: string; status: string; durationMs: number }[]
  }
  expect(report).toMatchObject({
    schema: 1,
    runbook: CHECK,
    target: { name: '127.0.0.1', environment: 'production', host: '127.0.0.1' },
    checks: [{ id: CHECK }],
    actions: [],
  })
  expect(code).toBe({ passed: 0, warnings: 1, failed: 2, unproven: 3 }[report.status])
})

test('JSON lines are the journal’s events', async () => {
  const { out } = await call(['check', CHECK, ...reach(['--format', 'jsonl'])])
  const types = out
    .trimEnd()
    .split('\n')
    .map(line => (JSON.parse(line) as { type: string }).type)
  expect(types).toEqual(['run-started', 'connected', 'check-started', 'check-finished', 'run-finished'])
})

test('the plain result is on standard output, progress on standard error', async () => {
  const { out, err } = await call(['check', CHECK, ...reach()])
  expect(out).toContain('Every disk has space left')
  expect(err).toContain(`connected as ${sshd.user}@127.0.0.1`)
  expect(err).toMatch(/journal: .*\.jsonl/)
})

test('this machine is a target without SSH', async () => {
  expect((await call(['check', CHECK, '-t', 'localhost', '--format', 'json'])).out).toContain(
    '"host": "localhost"',
  )
})

test('--output takes the result, and a wrong one is known before anything runs', async () => {
  const file = join(newHome(), 'result.json')
  expect((await call(['check', CHECK, ...reach(['--format', 'json', '--output', file])])).out).toBe('')
  expect(JSON.parse(readFileSync(file, 'utf8'))).toMatchObject({ schema: 1 })
  const home = newHome()
  expect(await call(['check', CHECK, ...reach(['--output', '/no/such/folder/x'])], home)).toMatchObject({
    code: 64,
    err: expect.stringContaining('/no/such/folder/x cannot be written'),
  })
  expect(readdirSync(join(home, 'runs'))).toEqual([])
})

const sentence = /^kneeboard: [^\n]+\n$/

test.each([
  [
    'an unknown runbook',
    ['run', 'server-stup', '-t', 'x'],
    64,
    'there is no runbook “server-stup”. Did you mean server-setup?',
  ],
  ['an unknown check', ['check', 'system/disk-spce', '-t', 'x'], 64, 'Did you mean system/disk-space?'],
  ['no target', ['check', CHECK], 64, 'no target was given'],
  [
    'a target with a space',
    ['check', CHECK, '-t', 'web 1'],
    64,
    '“web 1” is neither a stored target nor an address',
  ],
  [
    'a target that begins with a dash',
    ['check', CHECK, '-t', '-oProxyCommand=x'],
    64,
    'is neither a stored target nor an address',
  ],
  [
    'a port that is none',
    ['check', CHECK, '-t', 'root@web:99999'],
    64,
    'the port is not a number from 1 to 65535',
  ],
  [
    'a parameter that is none',
    ['check', 'server-setup', '-t', 'localhost', '--set', 'deployUsr=x'],
    64,
    'Did you mean deployUser?',
  ],
  [
    'a value that does not fit',
    ['check', 'server-setup', '-t', 'localhost', '--set', 'deployUser=No Good'],
    64,
    'deployUser: “No Good” does not fit',
  ],
  [
    'a step that is none',
    ['run', 'server-setup', '-t', 'localhost', '--only', 'banana'],
    64,
    'has no step “banana”',
  ],
  ['a run that is none', ['runs', 'show', 'zzz'], 64, 'there is no run “zzz”'],
  ['screens without a terminal', [], 64, 'the screens need a terminal'],
])('%s is one sentence that says what to do', async (_, words, code, said) => {
  const result = await call(words)
  expect(result.err).toMatch(sentence)
  expect(result.err).toContain(said)
  expect(result.code).toBe(code)
  expect(result.out).toBe('')
})

test.each([
  ['an option that is none', ['run', 'server-setup', '--banana']],
  ['a grade that is none', ['run', 'server-setup', '--consent', 'destructive']],
  ['a format that is none', ['check', CHECK, '--format', 'xml']],
  ['a pair without =', ['check', CHECK, '--set', 'banana']],
])('%s is wrong usage', async (_, words) => {
  expect(await call(words)).toMatchObject({ code: 64, out: '', err: expect.stringMatching(/^error: /) })
})

test('a port where nothing listens is unreachable, and the journal says that the run never began to read', async () => {
  const home = newHome()
  const result = await call(
    ['check', CHECK, '-t', 'root@127.0.0.1:1', '--ssh-config', sshd.clientConfig],
    home,
  )
  expect(result).toMatchObject({
    code: 69,
    err: expect.stringContaining('127.0.0.1 refuses connections on port 1'),
  })
  const [name = ''] = readdirSync(join(home, 'runs')).filter(file => file.endsWith('.jsonl'))
  expect(readJournal(join(home, 'runs', name)).events.map(event => event.type)).toEqual([
    'run-started',
    'run-interrupted',
  ])
})

test('a name that does not resolve is unreachable', async () => {
  expect(
    await call(['check', CHECK, '-t', 'root@no-such-host.invalid', '--ssh-config', sshd.clientConfig]),
  ).toMatchObject({ code: 69, err: expect.stringContaining('no-such-host.invalid') })
})

test('a key that the server does not accept is refused, with what was tried', async () => {
  const words = reach().map(word => (word === sshd.identity ? sshd.strangerIdentity : word))
  expect(await call(['check', CHECK, ...words])).toMatchObject({ code: 77, out: '' })
})

test('an encrypted key without anybody to ask is refused, with what to do', async () => {
  const identity = makeKey(join(sshd.folder, 'encrypted'), 'ed25519', 'a passphrase')
  appendFileSync(sshd.authorizedKeys, readFileSync(`${identity}.pub`))
  const words = reach().map(word => (word === sshd.identity ? identity : word))
  const result = await call(['check', CHECK, ...words])
  expect(result.code).toBe(77)
  expect(result.err).toMatch(/passphrase/)
})

test('a host key that was never seen is refused without a terminal, and accepted by its fingerprint', async () => {
  const empty = join(newHome(), 'known_hosts')
  writeFileSync(empty, '')
  const words = reach().map(word => (word === sshd.knownHosts ? empty : word))
  const refused = await call(['check', CHECK, ...words])
  expect(refused).toMatchObject({ code: 77, err: expect.stringContaining(sshd.fingerprint) })
  const accepted = await call(['check', CHECK, ...words, '--accept-host-key', sshd.fingerprint])
  expect(accepted.err).toContain('connected as')
})

test('a changed host key is refused and explained, with both fingerprints', async () => {
  const other = await startSshd()
  try {
    const known = join(newHome(), 'known_hosts')
    writeFileSync(known, readFileSync(sshd.knownHosts, 'utf8').replaceAll(`:${sshd.port}`, `:${other.port}`))
    const result = await call([
      'check',
      CHECK,
      '-t',
      `${other.user}@127.0.0.1:${other.port}`,
      '--ssh-config',
      other.clientConfig,
      '--known-hosts',
      known,
      '--identity',
      other.identity,
    ])
    expect(result.code).toBe(77)
    expect(result.err).toContain(other.fingerprint)
    expect(result.err).toContain(sshd.fingerprint)
  } finally {
    await other.stop()
  }
})

test('a broken configuration file is named with its place and left as it is', async () => {
  const home = newHome()
  const path = join(home, 'targets.json')
  writeFileSync(path, '{"version": 1, "targets": [{]}')
  expect(await call(['targets', 'list'], home)).toMatchObject({
    code: 78,
    err: expect.stringMatching(/targets\.json: it is not valid JSON, line 1, column 29/),
  })
  expect(readFileSync(path, 'utf8')).toBe('{"version": 1, "targets": [{]}')
})

test('a journal folder that is open to others is refused before anything runs', async () => {
  const home = newHome()
  mkdirSync(join(home, 'runs'))
  chmodSync(join(home, 'runs'), 0o777)
  expect(await call(['check', CHECK, '-t', 'localhost'], home)).toMatchObject({
    code: 78,
    err: expect.stringContaining('can be written by other users'),
  })
})

test.each(['SIGINT', 'SIGTERM', 'SIGHUP'] as const)(
  '%s ends the run with 130, and its journal says so',
  async signal => {
    const home = newHome()
    const child = begin(['check', 'server-setup', ...reach()], home)
    const result = ended(child)
    await new Promise<void>(resolve =>
      child.stderr?.on('data', data => String(data).includes('connected as') && resolve()),
    )
    child.kill(signal)
    expect((await result).code).toBe(130)
    const [name = ''] = readdirSync(join(home, 'runs')).filter(file => file.endsWith('.jsonl'))
    expect(readJournal(join(home, 'runs', name)).events.at(-1)).toMatchObject({
      type: 'run-interrupted',
      reason: 'stopped by the operator',
    })
  },
)

test('targets are stored, listed, tried and forgotten', async () => {
  const home = newHome()
  const add = await call(
    [
      'targets',
      'add',
      'loop',
      `${sshd.user}@127.0.0.1:${sshd.port}`,
      '--environment',
      'staging',
      '--identity',
      sshd.identity,
      '--host-key',
      sshd.fingerprint,
    ],
    home,
  )
  expect(add).toMatchObject({ code: 0 })
  expect(JSON.parse((await call(['targets', 'list', '--json'], home)).out)).toMatchObject([
    { name: 'loop', environment: 'staging', port: sshd.port },
  ])
  expect(await call(['targets', 'test', 'loop'], home)).toMatchObject({
    code: 0,
    out: expect.stringContaining('answers: '),
  })
  expect(await call(['check', CHECK, '-t', 'lop'], home)).toMatchObject({ code: 69 })
  expect(await call(['targets', 'remove', 'loop'], home)).toMatchObject({ code: 0 })
  expect(await call(['targets', 'remove', 'loop'], home)).toMatchObject({ code: 64 })
})

test('hosts of the OpenSSH configuration are imported once', async () => {
  const home = newHome()
  const config = join(home, 'ssh_config')
  writeFileSync(config, 'Host web db\n  User deploy\nHost *\n  ServerAliveInterval 5\n')
  expect(
    await call(['targets', 'import', '--environment', 'production', '--ssh-config', config], home),
  ).toMatchObject({ code: 0, err: expect.stringContaining('2 stored as production: web, db') })
  expect(
    await call(['targets', 'import', '--environment', 'production', '--ssh-config', config], home),
  ).toMatchObject({ err: expect.stringContaining('0 stored') })
})

test('runs are listed, shown, exported and verified from their journals alone', async () => {
  const home = newHome()
  await call(['check', CHECK, ...reach()], home)
  expect((await call(['runs'], home)).out).toMatch(/^[0-9A-Z]{26} .*127\.0\.0\.1/)
  expect((await call(['runs', 'show', 'last'], home)).out).toContain('Every disk has space left')
  expect(JSON.parse((await call(['runs', 'export', 'last', '--format', 'json'], home)).out)).toMatchObject({
    schema: 1,
    runbook: CHECK,
  })
  expect(await call(['runs', 'verify', 'last'], home)).toMatchObject({
    code: 0,
    out: expect.stringContaining('is whole'),
  })
  const [name = ''] = readdirSync(join(home, 'runs')).filter(file => file.endsWith('.jsonl'))
  const path = join(home, 'runs', name)
  writeFileSync(path, readFileSync(path, 'utf8').replace('127.0.0.1', '127.0.0.2'))
  expect((await call(['runs', 'verify', 'last'], home)).code).not.toBe(0)
})

test('list and show speak of what there is', async () => {
  expect((await call(['list'])).out).toContain('server-setup')
  const checks = JSON.parse((await call(['list', 'checks', '--json'])).out) as {
    id: string
    runbooks: string[]
  }[]
  expect(checks.find(check => check.id === CHECK)).toMatchObject({
    runbooks: expect.arrayContaining(['server-setup']),
  })
  expect((await call(['show', 'server-setup'])).out).toContain('## 1. The machine')
})
