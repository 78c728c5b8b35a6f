import { mkdtempSync, readFileSync, statSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir, userInfo } from 'node:os'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { mergeJsonText, preparePlan, setEnvText } from '../../../src/engine/prepare.ts'
import { startRound } from '../../../src/engine/round.ts'
import { STALE, writeFileScript } from '../../../src/engine/write-file.ts'
import { type Action, mergeJson, writeFile } from '../../../src/model/action.ts'
import { sh } from '../../../src/model/script.ts'
import { shellMachine } from '../../shell-machine.ts'
import { scriptRemedy } from './stage.ts'

const folder = () => mkdtempSync(join(tmpdir(), 'kneeboard-prepare-'))
const target = { name: 't', environment: 'staging' as const, host: 'h', stack: {} }
const { username, gid } = userInfo()
const owner = `${username}:${gid}`

async function prepared(...actions: Action[]) {
  const machine = shellMachine()
  const context = startRound(machine, target).context([])
  const plan = await preparePlan(
    scriptRemedy('a/b', sh`true`),
    'a/c',
    { actions, touches: [], undo: 'x' },
    context,
  )
  const write = plan.actions[0]
  if (write?.type !== 'write-file') throw new Error('not a write')
  const apply = () =>
    machine.run(writeFileScript({ ...write, owner }, join(folder(), 'backup')), { input: write.content })
  return { plan, write, apply }
}

test('a write knows what it replaces, and does it', async () => {
  const path = join(folder(), 'file')
  writeFileSync(path, 'old\n', { mode: 0o640 })
  const { write, apply } = await prepared(writeFile(path, 'new\n', { mode: '0600' }))
  expect(write.before).toMatchObject({ content: 'old\n', mode: '0640' })
  expect((await apply()).stdout).toContain('the file as it was is kept in')
  expect(readFileSync(path, 'utf8')).toBe('new\n')
  expect(statSync(path).mode & 0o777).toBe(0o600)
})

test('a new file is made with its folder', async () => {
  const path = join(folder(), 'deep', 'down', 'file')
  const { write, apply } = await prepared(writeFile(path, 'x'))
  expect(write.before).toBeNull()
  await apply()
  expect(readFileSync(path, 'utf8')).toBe('x')
})

test('a file that changed after it was shown is left alone', async () => {
  const path = join(folder(), 'file')
  writeFileSync(path, 'old\n')
  const { apply } = await prepared(writeFile(path, 'new\n'))
  writeFileSync(path, 'somebody else\n')
  expect(await apply()).toMatchObject({
    exitCode: STALE,
    stderr: expect.stringContaining('has changed since it was shown'),
  })
  expect(readFileSync(path, 'utf8')).toBe('somebody else\n')
})

test('a file that does not validate is not put in place, and its candidate is removed', async () => {
  const here = folder()
  const path = join(here, 'file')
  writeFileSync(path, 'old\n')
  const { apply } = await prepared(writeFile(path, 'new\n', { validate: sh`grep -q expected "$candidate"` }))
  expect((await apply()).exitCode).toBe(65)
  expect(readFileSync(path, 'utf8')).toBe('old\n')
  const { readdirSync } = await import('node:fs')
  expect(readdirSync(here)).toEqual(['file'])
})

test('a link is followed to the file that it names, and stays a link', async () => {
  const here = folder()
  writeFileSync(join(here, 'real'), 'old\n')
  symlinkSync('real', join(here, 'link'))
  const { write, apply } = await prepared(writeFile(join(here, 'link'), 'new\n'))
  expect(write.path).toBe(join(here, 'real'))
  await apply()
  expect(readFileSync(join(here, 'link'), 'utf8')).toBe('new\n')
})

test('content with every awkward character arrives as it is', async () => {
  const path = join(folder(), 'it\'s $(id) `x` "y"')
  const content = "a'b\n$(touch /tmp/no)\n`id`\n\\n\t%s\r\né✓\n"
  const { apply } = await prepared(writeFile(path, content))
  await apply()
  expect(readFileSync(path, 'utf8')).toBe(content)
})

test('merging JSON keeps what was there, with its owner and mode', async () => {
  const path = join(folder(), 'daemon.json')
  writeFileSync(
    path,
    '{"default-address-pools":[{"base":"10.9.0.0/16","size":24}],"log-opts":{"labels":"x"}}',
    { mode: 0o640 },
  )
  const { write } = await prepared(
    mergeJson(path, { 'live-restore': true, 'log-opts': { 'max-size': '10m' } }),
  )
  expect(JSON.parse(write.content)).toEqual({
    'default-address-pools': [{ base: '10.9.0.0/16', size: 24 }],
    'log-opts': { labels: 'x', 'max-size': '10m' },
    'live-restore': true,
  })
  expect(write.mode).toBe('0640')
})

test.each(['{', '[]', '"x"', 'null'])('JSON that is no object (%s) is left alone, with a sentence', text => {
  expect(() => mergeJsonText(text, {}, '/etc/docker/daemon.json')).toThrow(/^\/etc\/docker\/daemon\.json /)
})

test('an empty file is merged as an empty object', () => {
  expect(mergeJsonText(' \n', { a: 1 }, 'x')).toBe('{\n  "a": 1\n}\n')
})

test('setting env keys keeps comments, order and other lines, and changes the assignment that is in force', () => {
  const text = '# shop\nDEBUG=False\nREDIS_PASSWORD=one\nexport REDIS_PASSWORD=two\n'
  expect(setEnvText(text, { REDIS_PASSWORD: 'new', ADDED: 'x' })).toBe(
    '# shop\nDEBUG=False\nREDIS_PASSWORD=one\nREDIS_PASSWORD=new\nADDED=x\n',
  )
})

test('the digest covers every byte that runs', async () => {
  const path = join(folder(), 'file')
  const one = await prepared(writeFile(path, 'a'))
  const two = await prepared(writeFile(path, 'b'))
  expect(one.plan.digest).not.toBe(two.plan.digest)
})
