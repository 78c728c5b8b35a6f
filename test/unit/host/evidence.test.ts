import { describe, expect, it } from 'vitest'
import { evidenceMaker, toEvidence } from '../../../src/host/evidence.ts'
import { createRedactor } from '../../../src/host/redact.ts'
import type { CommandResult } from '../../../src/model/command.ts'
import { Evidence } from '../../../src/model/evidence.ts'

const result: CommandResult = {
  script: { text: 'cat .env' },
  as: 'root',
  where: 'root@192.0.2.1',
  startedAt: '2026-11-21T10:00:00.000Z',
  durationMs: 12.7,
  ending: 'exited',
  exitCode: 0,
  stdout: '',
  stderr: '',
  omittedBytes: 0,
}

describe('evidence', () => {
  it('is sanitised and redacted in every text', () => {
    const redactor = createRedactor()
    redactor.learn('db', 'hunter2hunter2')
    const evidence = toEvidence(
      {
        ...result,
        script: { text: 'echo hunter2hunter2' },
        stdout: 'hunter2\u001b[0mhunter2',
        stderr: 'hunter2hunter2\r',
        reason: 'it said hunter2hunter2',
      },
      redactor,
    )
    expect(Evidence.parse(evidence)).toEqual(evidence)
    expect(JSON.stringify(evidence)).not.toContain('hunter2')
    expect(evidence.stderr).toBe('[secret:db]␍')
    expect(evidence.durationMs).toBe(13)
  })

  it('is made once for a result, and again when a value was learnt since', () => {
    const redactor = createRedactor()
    const evidenceOf = evidenceMaker(redactor)
    const printed = { ...result, stdout: 'it is hunter2hunter2' }
    const first = evidenceOf(printed)
    expect(first.stdout).toContain('hunter2hunter2')
    expect(evidenceOf(printed)).toBe(first)
    redactor.learn('db', 'hunter2hunter2')
    expect(evidenceOf(printed).stdout).toBe('it is [secret:db]')
  })

  it('leaves out what the redactor cannot do', () => {
    const broken = {
      learn: () => {},
      known: () => 0,
      redact: (): string => {
        throw new Error('no')
      },
    }
    const evidence = toEvidence({ ...result, stdout: 'hunter2' }, broken)
    expect(evidence.stdout).toBe('[left out: the text could not be redacted]')
    expect(JSON.stringify(evidence)).not.toContain('hunter2')
  })

  it('stores head and tail of long output, and counts what it left out', () => {
    const stdout = `first\n${'line of output\n'.repeat(20_000)}last`
    const evidence = toEvidence({ ...result, stdout, omittedBytes: 7 }, createRedactor())
    expect(evidence.stdout.length).toBeLessThan(66_000)
    expect(evidence.stdout.startsWith('first\n')).toBe(true)
    expect(evidence.stdout.endsWith('last')).toBe(true)
    expect(evidence.omittedBytes).toBe(7 + stdout.length - 65_536)
  })
})
