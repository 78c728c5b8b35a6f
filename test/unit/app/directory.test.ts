import { describe, expect, test } from 'vitest'
import { applicationDirectory, makeDirectory } from '../../../checks/app/directory.ts'
import { parseDirectoryState, parseSpace } from '../../../src/facts/directories.ts'
import { Unreadable } from '../../../src/model/command.ts'
import { given } from '../docker/given.ts'

const params = { appDirectory: '/opt/webshop', deployUser: 'deploy' }
const deploy = { name: 'deploy', uid: 1000, group: 'deploy', groups: ['deploy'] }
const above = '755 root root directory|/opt\n755 root root directory|/\n'
const facts = (own: string, resolved = '/opt/webshop', upper = above, path = '/opt/webshop') => ({
  facts: { account: deploy, 'directory/state': parseDirectoryState(`${resolved}\n${own}${upper}`, path) },
})
const probe = (...args: Parameters<typeof facts>) => applicationDirectory.probe(given(params, facts(...args)))
const plan = (own: string, path = params.appDirectory) =>
  makeDirectory.plan(given({ ...params, appDirectory: path }, facts(own, path, above, path)))

describe('the application’s directory', () => {
  test('the deploy user’s own passes', async () => {
    expect(await probe('755 deploy deploy directory|/opt/webshop\n')).toMatchObject({
      status: 'pass',
      measured: 'deploy:deploy 0755',
    })
  })

  test.each([
    ['', 'does not exist'],
    ['755 root root directory|/opt/webshop\n', 'belongs to root:root'],
    ['777 deploy deploy directory|/opt/webshop\n', 'may be written to by everybody'],
    ['500 deploy deploy directory|/opt/webshop\n', 'keeps its own owner out'],
  ])('“%s” %s', async (own, said) => {
    const verdict = await probe(own)
    expect(verdict).toMatchObject({ status: 'fail', summary: expect.stringContaining(said) })
    expect(verdict.remedies?.map(({ id }) => id)).toEqual(['app/make-directory'])
  })

  test('a link is a surprise, and is not replaced', async () => {
    const verdict = await probe('777 root root symbolic link|/opt/webshop\n', '/srv/shop')
    expect(verdict).toMatchObject({ status: 'fail', summary: '/opt/webshop is a link to /srv/shop' })
    expect(verdict.remedies).toBeUndefined()
  })

  test('a file in its place is not replaced', async () => {
    expect((await probe('644 root root regular file|/opt/webshop\n')).remedies).toBeUndefined()
    await expect(plan('644 root root regular file|/opt/webshop\n')).rejects.toThrow(/is a regular file/)
  })

  test('a directory above that everybody may write to is a warning; /tmp’s sticky bit is none', async () => {
    const own = '755 deploy deploy directory|/opt/webshop\n'
    const upper = (mode: string) => `${mode} root root directory|/opt\n755 root root directory|/\n`
    expect(await probe(own, '/opt/webshop', upper('777'))).toMatchObject({ status: 'warn' })
    expect(await probe(own, '/opt/webshop', upper('1777'))).toMatchObject({ status: 'pass' })
  })

  test('the remedy takes write access from everybody, and leaves other bits', async () => {
    const planned = await plan('2777 root root directory|/opt/webshop\n')
    expect(planned.actions).toMatchObject([
      { script: 'install -d -o deploy -g deploy -m 2775 -- /opt/webshop' },
    ])
    expect(planned.undo).toBe('chown root:root /opt/webshop; chmod 2777 /opt/webshop')
  })

  test.each(['/', '/etc', '/srv', '/usr/local', '/etc/nginx'])('%s is never handed over', async path => {
    await expect(plan(`755 root root directory|${path}\n`, path)).rejects.toThrow(/belongs to the system/)
  })
})

describe('reading directories', () => {
  test('a path with spaces and a bar is one path', () => {
    const text = '/opt/a b|c\n755 deploy deploy directory|/opt/a b|c\n755 root root directory|/\n'
    expect(parseDirectoryState(text, '/opt/a b|c').entry).toMatchObject({ path: '/opt/a b|c', mode: 0o755 })
  })

  test('an answer that does not reach the root is no answer', () => {
    expect(() => parseDirectoryState('/opt/webshop\n', '/opt/webshop')).toThrow(Unreadable)
  })
})

describe('reading space', () => {
  // Captured in the lab.
  const blocks = `Filesystem        1-blocks        Used   Available Capacity Mounted on
/dev/vda       109417467904 30943100928 73900376064      30% /var/lib/docker
`
  const inodes = `Filesystem      Inodes  IUsed   IFree IUse% Mounted on
/dev/vda       6815744 231015 6584729    4% /var/lib/docker
`

  test('bytes and inodes of one file system', () => {
    expect(parseSpace(blocks, inodes)).toEqual({
      device: '/dev/vda',
      mountedOn: '/var/lib/docker',
      usedBytes: 30_943_100_928,
      availableBytes: 73_900_376_064,
      usedPercent: 30,
      inodesUsedPercent: 4,
    })
  })

  test('a file system without a number of inodes is not full of them', () => {
    const none = 'Filesystem Inodes IUsed IFree IUse% Mounted on\n/dev/sda1 0 0 0 - /\n'
    expect(parseSpace(blocks, none).inodesUsedPercent).toBeNull()
  })

  test('no table is no answer', () => {
    expect(() => parseSpace('', inodes)).toThrow(Unreadable)
  })
})
