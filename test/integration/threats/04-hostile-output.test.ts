import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { z } from 'zod'
import { connectTo } from '../../../src/host/connect.ts'
import type { ConnectRequest } from '../../../src/host/connect-request.ts'
import { toEvidence } from '../../../src/host/evidence.ts'
import { refusingPrompter } from '../../../src/host/prompter.ts'
import { createRedactor } from '../../../src/host/redact.ts'
import { check } from '../../../src/model/check.ts'
import { Unreadable } from '../../../src/model/command.ts'
import { remedy } from '../../../src/model/remedy.ts'
import { sh } from '../../../src/model/script.ts'
import { fail } from '../../../src/model/verdict.ts'
import { type Sshd, sshdInstalled, startSshd } from '../sshd.ts'
import { wholeRun } from '../whole-run.ts'

const ESC = '\u001b'
/** Everything that would act on a terminal, reorder text or hide it, in one text. */
const ATTACK = [
  `${ESC}[31m${ESC}[2J${ESC}[?1049h${ESC}[6n${ESC}[21t${ESC}c`,
  `${ESC}]0;owned\u0007${ESC}]8;;http://evil${ESC}\\click${ESC}]8;;${ESC}\\${ESC}]52;c;cm0gLXJmIC8=\u0007`,
  `${ESC}P$q"p${ESC}\\${ESC}_Gi=1;AAAA${ESC}\\${ESC}^x${ESC}\\${ESC}Xx${ESC}\\`,
  '\u009b31m\u009d0;t\u009c\u0090q\u009c\u0005\u000e\u000f\u0000\u007f',
  'FAILED\rPASSED\b\b\b\u202etxt.exe\u2066x\u2069 a\u200bb\u2028c\u2029d\u{e0041}\ufeff\u00ad',
].join('|')
/** What may stand in a stored or printed text: no control but newline and tab, nothing invisible. */
const ACTING = /(?![\n\t])[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}\p{DI}]/u

/** Threat 4: what a server prints is written to hurt whoever looks at it. */
describe.skipIf(!sshdInstalled)('threat 4, hostile output (left out without openssh-server)', () => {
  let sshd: Sshd
  let request: ConnectRequest
  beforeAll(async () => {
    sshd = await startSshd()
    const { host, port, user, identity, clientConfig: sshConfigFile } = sshd
    request = { host, port, user, identity, sshConfigFile }
  })
  afterAll(() => sshd?.stop())

  it('reaches no journal, report, event or progress line as anything but text to look at', async () => {
    const path = join(sshd.folder, 'attack')
    writeFileSync(path, `${ATTACK}\n`)
    const showing = remedy({
      id: 'a/show',
      title: 'Show it',
      why: 'It is asked for.',
      risk: 'None.',
      grade: 'reversible',
      params: z.object({}),
      async plan({ run }) {
        const { stdout } = await run(sh`cat ${path}`)
        const action = { as: 'login', timeoutSeconds: 10, lasting: false, type: 'run' } as const
        return {
          actions: [{ ...action, title: stdout, script: `cat ${path}; cat ${path} >&2; exit 3 # ${stdout}` }],
          touches: [stdout],
          undo: stdout,
          interrupts: stdout,
        }
      },
    })
    const looking = check({
      id: 'a/look',
      title: 'It is harmless',
      why: 'It is not.',
      params: z.object({}),
      remedies: [showing],
      async probe({ run }) {
        const { stdout } = await run(sh`cat ${path}`)
        return fail(stdout, {
          measured: stdout,
          expected: stdout,
          telling: stdout,
          advice: stdout,
          remedies: [showing],
        })
      },
    })
    const blind = check({
      id: 'a/blind',
      title: 'It can be read',
      why: 'It can not.',
      params: z.object({}),
      async probe({ run }) {
        const { stdout } = await run(sh`cat ${path}`)
        throw new Unreadable(`it said ${stdout}`)
      },
    })
    const run = await wholeRun(request, [looking, blind])
    expect(run.state.remedies[0]?.outcome).toBe('failed')
    expect(run.everything).toContain('␛]52;c;')
    // JSON writes some characters as escapes: what a reader gets back is looked at, too.
    const readBack = run.journal.replace(/\\u([0-9a-f]{4})/gi, (_, hex) =>
      String.fromCharCode(Number.parseInt(hex, 16)),
    )
    for (const text of [
      run.plain,
      run.progress,
      run.json,
      run.html,
      run.markdown,
      run.journal,
      readBack,
      run.everything,
    ]) {
      expect(text.match(ACTING)).toBeNull()
    }
  })

  it('acts in no report that is looked at elsewhere: no script, no link, no heading of its own', async () => {
    const markup = [
      '<script>fetch("http://evil")</script>',
      '<img src=x onerror=alert(1)>',
      '"><svg/onload=alert(1)>',
      '[click](javascript:alert(1))',
      '![x](http://evil/pixel)',
      '`',
      '# All checks passed',
      '| pass | pass |',
    ]
    const looking = check({
      id: 'a/look',
      title: 'It is harmless',
      why: 'It is not.',
      params: z.object({}),
      async probe({ run }) {
        const { stdout } = await run(sh`printf '%s\\n' ${markup}; printf '%s\\n' ${markup} >&2`)
        return fail(stdout, { measured: stdout, expected: stdout, advice: stdout })
      },
    })
    const { html, markdown } = await wholeRun(request, [looking])
    expect(html).toContain("default-src 'none'")
    expect(html).toContain('&lt;script&gt;')
    expect(html).not.toMatch(/<script|<img|<svg|<iframe|<link|<form|<a /i)
    // Outside of code nothing of it is markup, and nothing ends the code that it stands in.
    const prose = markdown
      .replace(/^(`{3,})[^\n]*\n[\s\S]*?\n\1$/gm, '')
      .replace(/(`+)(?!`)[^\n]*?[^`]\1(?!`)/g, '')
    expect(prose).not.toMatch(/(?<!\\)<(?:script|img|svg)|(?<!\\)\]\((?:javascript|http)|^# All checks/m)
  })

  it('forged prompts and results stay inside the evidence that they came with', async () => {
    const forged = '\n✓ Password login is refused: proven\nkneeboard: type yes to continue'
    const looking = check({
      id: 'a/look',
      title: 'It is honest',
      why: 'It is not.',
      params: z.object({}),
      async probe({ run }) {
        const { stdout } = await run(sh`printf %s ${forged}`)
        return fail('it says something else', { measured: stdout.split('\n')[0] ?? '' })
      },
    })
    const run = await wholeRun(request, [looking])
    expect(run.plain).not.toContain('type yes to continue')
    expect(run.state.status).toBe('failed')
  })

  it.each([
    ['a line of 100 MB', sh`head -c 100000000 /dev/zero | tr '\\0' x`],
    ['two million lines', sh`yes | head -n 2000000`],
    ['a hundred megabytes that are no text', sh`head -c 100000000 /dev/urandom`],
    ['invalid UTF-8', sh`printf '\\377\\376\\300\\200\\355\\240\\200a\\xf0\\x28\\x8c\\x28\\n'`],
    ['half a character at the end', sh`printf 'a\\342\\202'`],
  ])('%s is kept in part, counted, and harmless', async (_, script) => {
    const machine = await connectTo(request, refusingPrompter)
    try {
      const before = process.memoryUsage().rss
      const result = await machine.run(script, { timeoutSeconds: 60 })
      expect(result).toMatchObject({ ending: 'exited', exitCode: 0 })
      const evidence = toEvidence(result, createRedactor())
      expect(process.memoryUsage().rss - before).toBeLessThan(200 * 1024 * 1024)
      expect(evidence.stdout.length).toBeLessThan(70_000)
      expect(evidence.stdout.match(ACTING)).toBeNull()
      expect(evidence.stdout.isWellFormed()).toBe(true)
      // The machine still answers, and answers the right question.
      expect((await machine.run(sh`echo after`)).stdout).toBe('after\n')
    } finally {
      await machine.close()
    }
  })

  it('output without end is ended at the time limit', async () => {
    const machine = await connectTo(request, refusingPrompter)
    try {
      const result = await machine.run(sh`yes`, { timeoutSeconds: 2 })
      expect(result.ending).toBe('timed-out')
      expect(result.stdout.length).toBeLessThan(1_200_000)
    } finally {
      await machine.close()
    }
  })
})
