/** What every screen stands in: header, body, footer, the help over it, and the way of its keys. */

import { Box, Text, useWindowSize } from 'ink'
import { createContext, type ReactNode, useContext, useState } from 'react'
import { useExercise } from '../exercise-scope.ts'
import { actionFor, everywhere, type Handler, type Handlers, type KeyPress, type KeyTable } from '../keys.ts'
import { SMALLEST } from '../layout.ts'
import { wordsOf } from '../loaded.ts'
import type { Tone } from '../theme.ts'
import { useTitle } from '../title.ts'
import { Footer, type Hint, type Notice } from './footer.tsx'
import { Header, type Trail } from './header.tsx'
import { Help } from './help.tsx'
import { Hints, withHint } from './hints.tsx'
import { type KeyTarget, useKeyTarget } from './key-scope.tsx'
import { commandsOf, Palette } from './palette.tsx'
import type { Prompt } from './prompt-row.tsx'

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
  /** A line to type above the footer; a screen that has one leaves it its row. */
  readonly prompt?: Prompt
  readonly children: ReactNode
}

/** A screen. While its prompt is open, keys are the prompt's. */
export function Screen<A extends string>(props: ScreenProps<A>) {
  const { prompt, children, ...rest } = props
  if (prompt?.isOpen !== true) return <Framed {...rest}>{children}</Framed>
  const { keys, handlers, field } = prompt
  return (
    <Framed
      trail={rest.trail}
      {...(rest.status ? { status: rest.status } : {})}
      {...{ keys, handlers, field }}
    >
      {children}
      {prompt.row}
    </Framed>
  )
}

function Framed<A extends string>(props: Omit<ScreenProps<A>, 'prompt'>) {
  const { trail, status, field, children } = props
  const { columns, rows } = useWindowSize()
  const exercise = useExercise(trail.target?.environment)
  const [keys, handlers] =
    exercise === undefined || exercise.hintsInAll === 0 || field !== undefined
      ? [props.keys as KeyTable, props.handlers as Handlers<string>]
      : withHint(props.keys, props.handlers, () => setOver('hints'))
  useTitle([...(trail.target === undefined ? [] : [trail.target.name]), ...trail.path].join(' › '))
  const [over, setOver] = useState<'help' | 'palette' | 'hints'>()
  const [said, setSaid] = useState<Notice>()
  const fromAbove = useContext(NoticeContext)
  const say = (words: unknown) => {
    if (typeof words === 'string') setSaid({ text: words, isRefusal: false })
    else if (words instanceof Promise)
      words.then(say, error => setSaid({ text: wordsOf(error), isRefusal: true }))
  }
  const act = (handler: Handler) => {
    if (typeof handler === 'string') setSaid({ text: handler, isRefusal: true })
    else say(handler?.())
  }

  const target: KeyTarget = {
    isTyping: field !== undefined,
    press(press) {
      setSaid(undefined)
      if (field?.press(press)) return
      const general = field === undefined ? actionFor(everywhere, press) : undefined
      if (general === 'help' || general === 'palette') return setOver(general)
      const action = actionFor(keys, press)
      if (action !== undefined) act(handlers[action])
    },
    paste: text => field?.paste(text),
  }
  useKeyTarget(over === undefined ? target : undefined)

  const isTiny = columns < SMALLEST.columns || rows < SMALLEST.rows
  if (isTiny) return <Tiny columns={columns} rows={rows} />
  if (over === 'help')
    return (
      <Help
        trail={trail}
        keys={keys}
        isAvailable={action => handlers[action] !== undefined}
        onClose={() => setOver(undefined)}
      />
    )
  if (over === 'palette')
    return (
      <Palette
        trail={trail}
        commands={commandsOf(keys, handlers as Record<string, Handler>, action => act(handlers[action]))}
        onClose={() => setOver(undefined)}
      />
    )
  if (over === 'hints' && exercise !== undefined)
    return <Hints trail={trail} exercise={exercise} onClose={() => setOver(undefined)} />
  const notice = said ?? (fromAbove === undefined ? undefined : { text: fromAbove, isRefusal: true })
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
