/** Timers of systemd: whether one runs now, and whether it will after the next boot. */

import { outputOf } from '../model/command.ts'
import { fact } from '../model/fact.ts'
import { sh } from '../model/script.ts'

export interface TimerState {
  readonly name: string
  /** systemd's words: `active`, `inactive`, `failed`; `enabled`, `static`, `disabled`, `masked`, or empty for no such unit. */
  readonly activeState: string
  readonly fileState: string
  readonly active: boolean
  readonly startsAtBoot: boolean
}

export const timerState = fact('timer-state', async (context, name: string): Promise<TimerState> => {
  const result = await context.run(sh`systemctl show -p ActiveState -p UnitFileState -- ${name}`)
  return parseTimer(name, outputOf(result, `the timer ${name}`))
})

export function parseTimer(name: string, text: string): TimerState {
  const value = (property: string) => new RegExp(`^${property}=(.*)$`, 'm').exec(text)?.[1] ?? ''
  const activeState = value('ActiveState')
  const fileState = value('UnitFileState')
  return {
    name,
    activeState,
    fileState,
    active: activeState === 'active',
    startsAtBoot: ['enabled', 'static', 'generated'].includes(fileState),
  }
}
