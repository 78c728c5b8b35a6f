/** The first frame: on the screen before anything that is slow to load is loaded, and then the program in its place. */

import { Box, useWindowSize } from 'ink'
import { type ComponentType, useEffect, useState } from 'react'
import { Header } from './components/header.tsx'
import { Panel } from './components/panel.tsx'
import { type Theme, ThemeScope } from './theme.ts'

interface OpeningProps {
  readonly theme: Theme
  /** What takes this frame's place. */
  readonly load: () => Promise<ComponentType>
  /** Told what went wrong with loading it. */
  readonly onFailure: (error: unknown) => void
}

export function Opening({ theme, load, onFailure }: OpeningProps) {
  const [loaded, setLoaded] = useState<{ readonly Program: ComponentType }>()
  // biome-ignore lint/correctness/useExhaustiveDependencies: it is loaded once
  useEffect(() => {
    load().then(Program => setLoaded({ Program }), onFailure)
  }, [])
  if (loaded !== undefined) return <loaded.Program />
  return (
    <ThemeScope value={theme}>
      <Frame />
    </ThemeScope>
  )
}

/** As home looks before its servers are there. */
function Frame() {
  const { columns, rows } = useWindowSize()
  return (
    <Box flexDirection="column" width="100%" height={rows}>
      <Header trail={{ path: ['servers'] }} columns={columns} />
      <Panel title="Servers" columns={columns} rows={Math.max(3, rows - 2)} isFocused>
        {null}
      </Panel>
    </Box>
  )
}
