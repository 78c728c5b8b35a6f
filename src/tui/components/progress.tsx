/** One row under a live run: what is being done now, how far the whole is, how long it has taken. */

import { ProgressBar } from '@inkjs/ui'
import { Box, Text } from 'ink'
import type { RunState } from '../../engine/state.ts'
import { cut, widthOf } from '../lines.ts'
import { useNow } from '../now.ts'
import { useTheme } from '../theme.ts'
import { clock, count } from '../words.ts'
import { Spinner } from './spinner.tsx'

const BAR = 16

interface ProgressProps {
  readonly state: RunState
  readonly columns: number
}

export function Progress({ state, columns }: ProgressProps) {
  const { symbols, tones } = useTheme()
  const now = useNow()
  const all = Object.values(state.checks)
  const done = all.filter(check => check.verdict !== undefined).length
  const right = ` ${done} of ${all.length}  ${clock(now - Date.parse(state.startedAt))}`
  const words = cut(activity(state), columns - 4 - BAR - widthOf(right) - 2, symbols.ellipsis)
  const isLost = state.connection.state === 'lost'
  return (
    <Box width={columns} height={1} flexShrink={0} paddingX={1} justifyContent="space-between">
      <Box flexShrink={0}>
        <Spinner />
        <Text wrap="truncate" {...(isLost ? tones.bad : {})}>
          {` ${words}`}
        </Text>
      </Box>
      <Box flexShrink={0}>
        <Box width={BAR} flexShrink={0}>
          <ProgressBar value={all.length === 0 ? 0 : (done / all.length) * 100} />
        </Box>
        <Text>{right}</Text>
      </Box>
    </Box>
  )
}

/** What a run does now, in a few words. */
export function activity(state: RunState): string {
  if (state.connection.state === 'connecting') return `Connecting to ${state.target.host}`
  if (state.connection.state === 'lost') return `Connection lost: ${state.connection.reason ?? ''}`
  const remedy = state.remedies.findLast(({ intended, outcome }) => intended && outcome === undefined)
  const running = Object.values(state.checks).filter(check => check.progress === 'running')
  const newest = running.at(-1)
  if (newest !== undefined) {
    const more = running.length > 1 ? ` and ${count(running.length - 1, 'other')}` : ''
    return `${newest.rounds > 0 ? 'Checking again' : 'Checking'}: ${newest.title}${more}`
  }
  if (remedy !== undefined) return `${remedy.plan?.title ?? remedy.remedy}`
  return 'Working'
}
