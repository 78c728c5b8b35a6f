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
  const { symbols, tones, linear } = useTheme()
  const now = useNow()
  const { done, all, word } = howFar(state)
  const right = ` ${done} of ${all} ${word}  ${clock(now - Date.parse(state.startedAt))}`
  if (linear) return <Text>{activity(state)}</Text>
  const words = cut(activity(state), columns - 4 - BAR - widthOf(right) - 2, symbols.ellipsis)
  const tone = state.connection.state === 'lost' ? 'bad' : state.frozen ? 'warning' : 'plain'
  return (
    <Box width={columns} height={1} flexShrink={0} paddingX={1} justifyContent="space-between">
      <Box flexShrink={0}>
        <Spinner />
        <Text wrap="truncate" {...tones[tone]}>
          {` ${words}`}
        </Text>
      </Box>
      <Box flexShrink={0}>
        <Box width={BAR} flexShrink={0}>
          <ProgressBar value={all === 0 ? 0 : (done / all) * 100} />
        </Box>
        <Text>{right}</Text>
      </Box>
    </Box>
  )
}

/** First how many checks have been looked at; once all have, how many hold. */
export function howFar(state: RunState): { done: number; all: number; word: string } {
  const checks = Object.values(state.checks)
  const seen = checks.filter(check => check.verdict !== undefined)
  if (seen.length < checks.length) return { done: seen.length, all: checks.length, word: 'checked' }
  const good = seen.filter(
    ({ verdict }) => verdict?.status === 'pass' || verdict?.status === 'not-applicable',
  )
  return { done: good.length, all: checks.length, word: 'proven' }
}

/** What a run does now, in a few words. */
export function activity(state: RunState): string {
  if (state.frozen) return 'Held: nothing starts; ! releases'
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
