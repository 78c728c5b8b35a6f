/** What every screen stands in: header, body, footer, the help over it, and the way of its keys. */

import { Box, Text, useWindowSize } from 'ink'
import { createContext, type ReactNode, useContext, useState } from 'react'
import { actionFor, everywhere, type Handlers, type KeyPress, type KeyTable } from '../keys.ts'
import { SMALLEST } from '../layout.ts'
import type { Tone } from '../theme.ts'
import { useTitle } from '../title.ts'
import { Footer, type Hint } from './footer.tsx'
import { Header, type Trail } from './header.tsx'
import { Help } from './help.tsx'
import { useKeyTarget } from './key-scope.tsx'

/** A word from above the screens: "stopping after the current step". */
const NoticeContext = createContext<string | undefined>(undefined)
export const NoticeScope = NoticeContext.Provider

export interface Field {
  /** True when the key was the field's own. */
  press(press: KeyPress): boolean
  paste(text: string): void
}

interface ScreenProps<A extends string> {
  readonly trail: Trail
  readonly status?: { readonly text: string; readonly tone: Tone }
  readonly keys: KeyTable<A>
  readonly handlers: Handlers<A>
  /** A text field with the focus: it has first refusal of every key. */
  readonly field?: Field | undefined
  readonly children: ReactNode
}

export function Screen<A extends string>({ trail, status, keys, handlers, field, children }: ScreenProps<A>) {
  const { columns, rows } = useWindowSize()
  useTitle([...(trail.target === undefined ? [] : [trail.target.name]), ...trail.path].join(' › '))
  const [isHelping, setHelping] = useState(false)
  const [refusal, setRefusal] = useState<string>()
  const fromAbove = useContext(NoticeContext)

  useKeyTarget({
    isTyping: field !== undefined,
    press(press) {
      setRefusal(undefined)
      if (field?.press(press)) return
      if (field === undefined && actionFor(everywhere, press) === 'help') {
        setHelping(true)
        return
      }
      const action = actionFor(keys, press)
      const handler = action === undefined ? undefined : handlers[action]
      if (typeof handler === 'string') setRefusal(handler)
      else handler?.()
    },
    paste: text => field?.paste(text),
  })

  const isTiny = columns < SMALLEST.columns || rows < SMALLEST.rows
  if (isTiny) return <Tiny columns={columns} rows={rows} />
  if (isHelping)
    return (
      <Help
        trail={trail}
        keys={keys}
        isAvailable={action => handlers[action as A] !== undefined}
        onClose={() => setHelping(false)}
      />
    )
  const notice = refusal ?? fromAbove
  return (
    <Box flexDirection="column" width="100%" height={rows}>
      <Header trail={trail} columns={columns} {...(status ? { status } : {})} />
      <Box flexGrow={1} flexBasis={0} flexDirection="column" overflow="hidden">
        {children}
      </Box>
      <Footer
        hints={hintsOf(keys, handlers, field !== undefined)}
        columns={columns}
        {...(notice === undefined ? {} : { notice })}
      />
    </Box>
  )
}

/** What the footer says: exactly the bindings that do something now. */
export function hintsOf<A extends string>(
  keys: KeyTable<A>,
  handlers: Handlers<A>,
  isTyping: boolean,
): Hint[] {
  const own = (Object.keys(keys) as A[]).flatMap((action): Hint[] => {
    const { shown, hint } = keys[action]
    const handler = handlers[action]
    if (hint === '' || handler === undefined) return []
    return [{ shown, hint, isDisabled: typeof handler === 'string' }]
  })
  if (isTyping) return own
  return [...own, { shown: everywhere.help.shown, hint: everywhere.help.hint, isDisabled: false }]
}

function Tiny({ columns, rows }: { readonly columns: number; readonly rows: number }) {
  return (
    <Box width="100%" height={rows} flexDirection="column" justifyContent="center" alignItems="center">
      <Text wrap="wrap">Please make the window larger.</Text>
      <Text wrap="wrap">{`It is ${columns}×${rows}; Kneeboard needs ${SMALLEST.columns}×${SMALLEST.rows}.`}</Text>
      <Text wrap="wrap">Whatever runs goes on.</Text>
    </Box>
  )
}
