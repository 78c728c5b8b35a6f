/** The first row of every screen: which program, which server of which kind, which runbook, how connected. */

import { Box, Text } from 'ink'
import type { RunState } from '../../engine/state.ts'
import type { Environment } from '../../model/target.ts'
import { cut, widthOf } from '../lines.ts'
import { type Theme, type Tone, useTheme } from '../theme.ts'

export interface Trail {
  readonly target?: { readonly name: string; readonly environment: Environment }
  /** What comes after the target: the runbook, the screen. */
  readonly path: readonly string[]
}

interface HeaderProps {
  readonly trail: Trail
  readonly columns: number
  /** At the right: the connection, or a count. */
  readonly status?: { readonly text: string; readonly tone: Tone }
}

export const environmentTone: Readonly<Record<Environment, Tone>> = {
  production: 'danger',
  staging: 'warning',
  practice: 'accent',
}

export function Header({ trail, columns, status }: HeaderProps) {
  const { symbols, tones } = useTheme()
  const target = trail.target
  const environment = target === undefined ? '' : `(${target.environment.toUpperCase()})`
  const statusText = status?.text ?? ''
  const separator = ` ${symbols.trail} `
  const targetCells = target === undefined ? 0 : widthOf(separator + target.name) + 1 + widthOf(environment)
  const room = columns - 2 - widthOf('KNEEBOARD') - targetCells - widthOf(statusText) - 2
  const path = cut(trail.path.map(part => separator + part).join(''), Math.max(0, room), symbols.ellipsis)
  return (
    <Box height={1} width={columns} flexShrink={0} paddingX={1} justifyContent="space-between">
      <Box flexShrink={0}>
        <Text wrap="truncate">
          <Text {...tones.accent} bold>
            KNEEBOARD
          </Text>
          {target === undefined ? null : (
            <>
              <Text {...tones.muted}>{separator}</Text>
              <Text bold>{target.name}</Text>{' '}
              <Text {...tones[environmentTone[target.environment]]}>{environment}</Text>
            </>
          )}
          <Text {...tones.muted}>{path}</Text>
        </Text>
      </Box>
      <Box flexShrink={0}>
        <Text {...tones[status?.tone ?? 'muted']}>{statusText}</Text>
      </Box>
    </Box>
  )
}

/** The connection as the header tells it: by shape, word and colour. */
export function connectionStatus(
  connection: RunState['connection'] | undefined,
  theme: Theme,
  columns: number,
): { text: string; tone: Tone } {
  const { symbols } = theme
  const where = connection?.where
  // At 80 columns the address would push the runbook out of the row.
  const address = where !== undefined && columns >= 100 ? ` ${where}` : ''
  if (connection === undefined || connection.state === 'connecting')
    return { text: `${symbols.waiting} connecting`, tone: 'muted' }
  if (connection.state === 'lost') return { text: `${symbols.fail} connection lost`, tone: 'bad' }
  return { text: `${symbols.pass} connected${address}`, tone: 'good' }
}
