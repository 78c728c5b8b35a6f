import { expect, test } from 'vitest'
import { configurationValid } from '../../../checks/ssh/configuration-valid.ts'
import type { ProbeContext } from '../../../src/model/check.ts'
import { type CommandResult, Unreadable } from '../../../src/model/command.ts'
import { defaultPolicy } from '../../../src/model/policy.ts'

/** What Debian 12's sshd printed, with its carriage returns. */
const NO_FOLDER = 'Missing privilege separation directory: /run/sshd\r\n'
const BAD_LINE =
  '/etc/ssh/sshd_config.d/10-x.conf: line 1: Bad configuration option: Blurb\r\n/etc/ssh/sshd_config: terminating, 1 bad configuration options\r\n'

function judge(exitCode: number, stderr: string) {
  const run = async (script: CommandResult['script']): Promise<CommandResult> => ({
    script,
    as: 'root',
    where: 'root@test',
    startedAt: '2026-11-21T00:00:00Z',
    durationMs: 1,
    ending: 'exited',
    exitCode,
    stdout: '',
    stderr,
    omittedBytes: 0,
  })
  const context = { run, params: {}, policy: defaultPolicy } as unknown as ProbeContext<Record<string, never>>
  return configurationValid.probe(context)
}

test('a silent sshd -t passes', async () => {
  expect((await judge(0, '')).status).toBe('pass')
})

test('a missing /run/sshd alone is explained, and no fault of the configuration', async () => {
  const verdict = await judge(255, NO_FOLDER)
  expect(verdict.status).toBe('pass')
  expect(verdict.summary).toContain('/run/sshd is missing, which is made when the service starts')
})

test('a bad line is named', async () => {
  const verdict = await judge(255, BAD_LINE)
  expect(verdict).toMatchObject({ status: 'fail', summary: expect.stringContaining('10-x.conf: line 1') })
  expect((await judge(255, BAD_LINE + NO_FOLDER)).status).toBe('fail')
})

test('no sshd at all is nothing that was checked', async () => {
  await expect(judge(127, 'sh: 1: sshd: not found\n')).rejects.toThrow(Unreadable)
})
