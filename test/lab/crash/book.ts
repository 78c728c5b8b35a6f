/**
 * The runbook that is disturbed: a short command, a file, a job and a guarded change. Each leaves a line in a log
 * on the server every time that it runs, so that "once" can be counted there.
 */

import { z } from 'zod'
import { lastingAction, runAction, writeFile } from '../../../src/model/action.ts'
import { type AnyCheck, check } from '../../../src/model/check.ts'
import { outputOf } from '../../../src/model/command.ts'
import { type AnyRemedy, type RemedyPlan, remedy } from '../../../src/model/remedy.ts'
import { type Runbook, runbook } from '../../../src/model/runbook.ts'
import { sh } from '../../../src/model/script.ts'
import { fail, pass } from '../../../src/model/verdict.ts'

/** Seconds after which an unproven guarded change is undone: enough for a slow machine, short enough to wait for. */
export const REVERT_SECONDS = 12

/** Where one disturbed run works. */
export const folderOf = (tag: string): string => `/srv/kneeboard-crash/${tag}`

/** The contents that the file starts from and ends with. */
export const OLD = 'old\n'
export const NEW = 'new line\n'.repeat(200)

export function crashBook(tag: string): Runbook {
  const folder = folderOf(tag)
  const at = (name: string): string => `${folder}/${name}`
  return runbook({
    id: 'crash',
    title: 'What is disturbed',
    purpose: 'Tests.',
    group: 'Tests',
    minutes: 1,
    steps: [
      {
        id: 'all',
        title: 'All',
        checks: [
          isThere('crash/short', at('short'), {
            actions: [
              runAction(
                'Run a short command',
                sh`echo ran >>${at('short.log')}; sleep 2.5; touch ${at('short')}`,
                {
                  timeoutSeconds: 5,
                },
              ),
            ],
          }),
          holds('crash/file', at('app.conf'), NEW, {
            actions: [writeFile(at('app.conf'), NEW, { validate: sh`sleep 0.2` })],
          }),
          isThere('crash/job', at('long'), {
            actions: [
              lastingAction(
                'Run a job',
                sh`echo ran >>${at('long.log')}; for n in 1 2 3 4 5 6; do echo line $n; sleep 0.25; done; touch ${at('long')}`,
              ),
            ],
          }),
          holds('crash/guarded', at('guarded'), 'new\n', {
            actions: [
              runAction(
                'Change what could lock us out',
                sh`echo ran >>${at('guarded.log')}; sleep 0.3; echo new >${at('guarded')}`,
                { timeoutSeconds: 3 },
              ),
            ],
            guard: {
              revert: sh`echo reverted >>${at('guarded.log')}; echo old >${at('guarded')}`,
              afterSeconds: REVERT_SECONDS,
            },
          }),
        ],
      },
    ],
  })
}

type Plan = Pick<RemedyPlan, 'actions' | 'guard'>

const isThere = (id: string, path: string, plan: Plan): AnyCheck =>
  reading(id, plan, async run => (await run(sh`test -e ${path} && echo there || echo missing`)) === 'there\n')

const holds = (id: string, path: string, content: string, plan: Plan): AnyCheck =>
  reading(id, plan, async run => (await run(sh`cat -- ${path}`)) === content)

function reading(
  id: string,
  plan: Plan,
  isGood: (run: (script: ReturnType<typeof sh>) => Promise<string>) => Promise<boolean>,
): AnyCheck {
  const mending: AnyRemedy = remedy({
    id: `${id}-mend`,
    title: `Mend ${id}`,
    why: 'It is asked for.',
    risk: 'None.',
    grade: 'reversible',
    params: z.object({}),
    plan: async () => ({ ...plan, touches: [], undo: 'none' }),
  })
  return check({
    id,
    title: `${id} is as it should be`,
    why: 'Tests.',
    params: z.object({}),
    remedies: [mending],
    async probe({ run }) {
      const good = await isGood(async script => outputOf(await run(script), 'the state'))
      return good ? pass('it is') : fail('it is not', { remedies: [mending] })
    },
  })
}
