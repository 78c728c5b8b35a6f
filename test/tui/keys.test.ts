import type { Key } from 'ink'
import { describe, expect, test } from 'vitest'
import { fittingHints } from '../../src/tui/components/footer.tsx'
import { helpKeys } from '../../src/tui/components/help.tsx'
import { hintKeys, practiceKeys } from '../../src/tui/components/hints.tsx'
import { paletteKeys } from '../../src/tui/components/palette.tsx'
import { promptKeys } from '../../src/tui/components/prompt-row.tsx'
import { hintsOf } from '../../src/tui/components/screen.tsx'
import { clashes, everywhere, type KeyTable, pressesOf } from '../../src/tui/keys.ts'
import { checksKeys } from '../../src/tui/screens/checks.tsx'
import { chooseKeys } from '../../src/tui/screens/choose.tsx'
import { compareKeys } from '../../src/tui/screens/compare.tsx'
import { destructiveKeys, disruptiveKeys, reversibleKeys } from '../../src/tui/screens/consent.tsx'
import { debriefKeys } from '../../src/tui/screens/debrief.tsx'
import { diagnosisKeys } from '../../src/tui/screens/diagnosis.tsx'
import { endKeys } from '../../src/tui/screens/end.tsx'
import { exerciseKeys } from '../../src/tui/screens/exercise.tsx'
import { exportKeys } from '../../src/tui/screens/export.tsx'
import { formKeys } from '../../src/tui/screens/form-screen.tsx'
import { historyKeys } from '../../src/tui/screens/history.tsx'
import { dueKeys, homeKeys, removeKeys } from '../../src/tui/screens/home.tsx'
import { importKeys } from '../../src/tui/screens/import-hosts.tsx'
import { planKeys } from '../../src/tui/screens/plan.tsx'
import { hostKeyKeys, lockKeys, manualKeys } from '../../src/tui/screens/questions.tsx'
import { remedyKeys } from '../../src/tui/screens/remedy.tsx'
import { runbooksKeys } from '../../src/tui/screens/runbooks.tsx'
import { scenariosKeys } from '../../src/tui/screens/scenarios.tsx'
import { secretKeys } from '../../src/tui/screens/secret.tsx'
import { tryKeys } from '../../src/tui/screens/try-connection.tsx'

const tables: Readonly<Record<string, KeyTable>> = {
  checks: checksKeys,
  debrief: debriefKeys,
  exercise: exerciseKeys,
  hints: hintKeys,
  scenarios: scenariosKeys,
  choose: chooseKeys,
  compare: compareKeys,
  reversible: reversibleKeys,
  disruptive: disruptiveKeys,
  destructive: destructiveKeys,
  diagnosis: diagnosisKeys,
  due: dueKeys,
  end: endKeys,
  export: exportKeys,
  form: formKeys,
  help: helpKeys,
  history: historyKeys,
  home: homeKeys,
  import: importKeys,
  palette: paletteKeys,
  prompt: promptKeys,
  try: tryKeys,
  remove: removeKeys,
  plan: planKeys,
  hostKey: hostKeyKeys,
  lock: lockKeys,
  manual: manualKeys,
  remedy: remedyKeys,
  runbooks: runbooksKeys,
  secret: secretKeys,
}

describe.each(Object.entries(tables))('the keys of %s', (name, table) => {
  test('no key does two things', () => {
    expect(clashes(table)).toEqual([])
    const reserved = Object.values(everywhere).flatMap(binding => binding.keys)
    const own = Object.values(table).flatMap(binding => binding.keys)
    // The help and the palette are closed by the key that opened them.
    const opened = { help: '?', palette: 'ctrl+p' }[name]
    expect(own.filter(key => reserved.includes(key) && key !== opened)).toEqual([])
  })

  test('every binding says what it does', () => {
    for (const binding of Object.values(table)) {
      expect(binding.help).not.toBe('')
      expect(binding.shown).not.toBe('')
    }
  })
})

test('the key of practice is free on every screen that can be about a practice server', () => {
  const elsewhere = ['home', 'due', 'hints', 'help', 'palette', 'import', 'form']
  for (const [name, table] of Object.entries(tables).filter(([name]) => !elsewhere.includes(name)))
    expect(clashes({ ...table, ...practiceKeys }), name).toEqual([])
})

describe('keys that change something', () => {
  test('enter never says yes to what is disruptive, and only after the name to what is destructive', () => {
    expect(disruptiveKeys.yes.keys).toEqual(['y'])
    expect(destructiveKeys.yes.keys).toEqual(['enter'])
    expect(reversibleKeys.yes.keys).toEqual(['enter'])
  })

  test('enter and y never take over a lock or trust a key', () => {
    const answers = [...lockKeys.takeOver.keys, ...hostKeyKeys.trust.keys]
    expect(answers).not.toContain('enter')
    expect(answers).not.toContain('y')
  })
})

describe('the footer', () => {
  test('shows exactly what can be done now, and help', () => {
    const hints = hintsOf(homeKeys, { add: () => {}, quit: () => {}, open: undefined }, false)
    expect(hints.map(hint => hint.hint)).toEqual(['add a server', 'leave', 'help'])
  })

  test('shows what cannot be done now as such', () => {
    expect(hintsOf(homeKeys, { remove: 'it is in use' }, true)).toEqual([
      { shown: 'd', hint: 'remove', isDisabled: true },
    ])
  })

  test('drops from the end when it is narrow, but never the last', () => {
    const hints = ['one', 'two', 'three', 'help'].map(hint => ({ shown: 'x', hint, isDisabled: false }))
    expect(fittingHints(hints, 24).map(({ hint }) => hint)).toEqual(['one', 'two', 'help'])
  })
})

describe('key presses', () => {
  const none = {} as Key
  test('characters that arrive in one read are several presses', () => {
    expect(pressesOf('jj', none).map(press => press.name)).toEqual(['j', 'j'])
    expect(pressesOf('y\r', none).map(press => press.name)).toEqual(['y', 'enter'])
  })

  test('a function key, which Ink reports as nothing, is nothing', () => {
    expect(pressesOf('', none)).toEqual([])
  })

  test('modifiers are part of the name and type nothing', () => {
    expect(pressesOf('a', { ctrl: true } as Key)).toEqual([{ name: 'ctrl+a' }])
    expect(pressesOf('', { tab: true, shift: true } as Key)).toEqual([{ name: 'shift+tab' }])
  })
})
