/** Certificates are renewed by themselves, more than once a day, and not on the hour. */

import { z } from 'zod'
import { type RenewalCron, type RenewalTimer, renewalCrons, renewalTimers } from '../../src/facts/certbot.ts'
import { runAction, writeFile } from '../../src/model/action.ts'
import { check } from '../../src/model/check.ts'
import { Unreadable } from '../../src/model/command.ts'
import { remedy } from '../../src/model/remedy.ts'
import { sh } from '../../src/model/script.ts'
import { fail, pass, unknown, type Verdict, warn } from '../../src/model/verdict.ts'

/** Let's Encrypt's renewal information and certificates of six days want two runs a day at least (domain D10). */
const RUNS_A_DAY = 2

const DROP_IN = '/etc/systemd/system/certbot.timer.d/kneeboard.conf'

/** Debian's own times: at midnight and noon, up to twelve hours late, and after a boot what was missed. */
const SCHEDULE = `# Written by Kneeboard: twice a day, spread over the hours that follow.
[Timer]
OnCalendar=
OnCalendar=*-*-* 00,12:00:00
RandomizedDelaySec=43200
Persistent=true
`

export const enableTimer = remedy({
  id: 'certbot/enable-timer',
  title: 'Switch certbot’s timer on',
  why: 'Certificates live for 90 days at most, and soon for 45. Nothing renews them while the timer is off.',
  risk: 'Certificates that are due are renewed at its next run, with the hooks that belong to them.',
  grade: 'reversible',
  params: z.object({}),
  async plan({ read }) {
    const timer = (await read(renewalTimers))[0]
    if (timer === undefined) throw new Unreadable('certbot came without a timer: install it from a package')
    return {
      actions: [
        runAction(
          `Enable and start ${timer.unit}`,
          sh`
            set -eu
            systemctl unmask ${timer.unit}
            systemctl enable --now ${timer.unit}
          `,
        ),
      ],
      touches: [timer.unit],
      undo: `systemctl disable --now ${timer.unit}`,
      expectedSeconds: 2,
    }
  },
})

export const scheduleTimer = remedy({
  id: 'certbot/schedule-timer',
  title: 'Let certbot’s timer run twice a day, spread out',
  why: 'One run a day misses the short time in which some certificates have to be renewed, and a run on the hour meets everybody else’s.',
  risk: 'Other times in drop-ins of certbot.timer are no longer in force.',
  grade: 'reversible',
  params: z.object({}),
  async plan() {
    return {
      actions: [
        writeFile(DROP_IN, SCHEDULE),
        runAction(
          'Read it and start the timer anew',
          sh`
            set -eu
            systemctl daemon-reload
            systemctl restart certbot.timer
          `,
        ),
      ],
      touches: [DROP_IN, 'certbot.timer'],
      undo: `rm ${DROP_IN}; systemctl daemon-reload; systemctl restart certbot.timer`,
      expectedSeconds: 2,
    }
  },
})

export const renewalTimer = check({
  id: 'certbot/renewal-timer',
  title: 'Certificates are renewed by themselves',
  why: 'A renewal that somebody has to think of is forgotten once. Two spread-out runs a day leave time for a run that fails.',
  params: z.object({}),
  after: ['certbot/installed'],
  remedies: [enableTimer, scheduleTimer],
  async probe({ read }) {
    const [timers, crons] = await Promise.all([read(renewalTimers), read(renewalCrons)])
    const running = timers.find(({ active, enabled }) => active && enabled)
    if (running) return judgeTimer(running)
    const [cron] = crons
    if (cron) return judgeCron(cron)
    const [idle] = timers
    return fail('nothing renews certificates', {
      measured: idle ? `${idle.unit}: ${stateOf(idle)}` : 'no timer, no cron job',
      expected: 'a timer that is enabled and active',
      ...(idle
        ? { remedies: [enableTimer] }
        : { advice: 'Install certbot from a package: it brings the timer' }),
    })
  },
})

const stateOf = ({ active, enabled }: RenewalTimer) =>
  `${active ? 'active' : 'not active'}, ${enabled ? 'enabled' : 'not enabled'}`

export function judgeTimer({ unit, runsADay, jitterSeconds }: RenewalTimer): Verdict {
  const spread = jitterSeconds > 0 ? `spread over ${describe(jitterSeconds)}` : 'not spread'
  const details = {
    measured: `${runsADay} a day, ${spread}`,
    expected: `${RUNS_A_DAY} a day or more, spread`,
  }
  // The snap chooses its own odd minutes when it is installed; it needs no delay on top.
  if (runsADay >= RUNS_A_DAY && (jitterSeconds > 0 || unit.startsWith('snap.'))) {
    return pass(`${unit} renews ${runsADay} times a day, ${spread}`, details)
  }
  const few = runsADay < RUNS_A_DAY ? `runs ${runsADay === 1 ? 'once' : `${runsADay} times`} a day` : ''
  const together = jitterSeconds > 0 ? '' : 'runs at a fixed time'
  return warn(`${unit} ${[few, together].filter(part => part !== '').join(' and ')}`, {
    ...details,
    ...(unit === 'certbot.timer' ? { remedies: [scheduleTimer] } : {}),
  })
}

export function judgeCron({ file, line, runsADay }: RenewalCron): Verdict {
  const details = { measured: line, expected: `${RUNS_A_DAY} runs a day or more, spread`, telling: line }
  const advice = `Switch certbot’s own timer on instead, and take the line out of ${file}`
  if (runsADay === null) return unknown(`how often ${file} renews could not be told`, { ...details, advice })
  const spread = /\bsleep\b|\bRANDOM\b|random-sleep/.test(line)
  if (runsADay >= RUNS_A_DAY && spread) return pass(`${file} renews ${runsADay} times a day`, details)
  return warn(`${file} renews ${runsADay < RUNS_A_DAY ? 'less than twice a day' : 'at a fixed time'}`, {
    ...details,
    advice,
    remedies: [enableTimer],
  })
}

function describe(delay: number): string {
  if (delay >= 3600) return `${Number((delay / 3600).toFixed(1))} h`
  return delay >= 60 ? `${Math.round(delay / 60)} min` : `${delay} s`
}
