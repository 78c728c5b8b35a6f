/** The screens for a screen reader: text that only grows, each thing said once. */

import { Readable } from 'node:stream'
import { render } from 'ink'
import { afterEach, describe, expect, test } from 'vitest'
import { App } from '../../src/tui/app.tsx'
import { announced, linearOutput } from '../../src/tui/linear.ts'
import { themeFor } from '../../src/tui/theme.ts'
import { testServices, web1 } from './harness/services.ts'

const programs: { unmount(): void }[] = []
afterEach(() => {
  for (const program of programs.splice(0)) program.unmount()
})

function open(initial?: { runbook: string; target: typeof web1 }) {
  const services = testServices()
  const theme = themeFor({
    ascii: false,
    colour: true,
    linear: true,
    live: false,
    now: () => services.clock.now,
  })
  let said = ''
  const stdout = linearOutput(text => {
    said += text
  }, theme.symbols.cursor)
  const stdin = Object.assign(new Readable({ read() {} }), {
    isTTY: true,
    setRawMode: () => {},
    ref: () => stdin,
    unref: () => stdin,
  }) as unknown as Readable & NodeJS.ReadStream
  const program = render(
    <App services={services} initial={initial} theme={theme} onRun={() => {}} onExit={() => {}} />,
    {
      stdout: stdout as unknown as NodeJS.WriteStream,
      stdin,
      interactive: true,
      debug: true,
      exitOnCtrlC: false,
      patchConsole: false,
    },
  )
  programs.push(program)
  const press = async (key: string) => {
    const before = said.length
    stdin.push(key)
    await new Promise(resolve => setTimeout(resolve, 60))
    return said.slice(before)
  }
  const settled = async (wanted: string) => {
    const deadline = Date.now() + 5000
    while (!said.includes(wanted)) {
      if (Date.now() > deadline) throw new Error(`never said: ${wanted}\n${said}`)
      await new Promise(resolve => setTimeout(resolve, 10))
    }
  }
  return { said: () => said, press, settled }
}

describe('a screen reader', () => {
  test('hears the whole of a new screen, without lines, signs or control sequences', async () => {
    const { said, settled } = open()
    await settled('web-1')
    expect(said()).toContain('KNEEBOARD , servers')
    expect(said()).toContain('selected web-1')
    expect(said()).toMatch(/failed: failed/)
    expect(said()).toMatch(/^[\x20-\x7e\n’“”]*$/)
    expect(said()).not.toMatch(/[+|#─│╭]/)
  })

  test('hears only what a key has changed', async () => {
    const { press, settled } = open()
    await settled('web-1')
    const heard = await press('j')
    expect(heard).toMatch(/^selected shop +PRODUCTION/)
    expect(heard).toContain('shop.example')
    expect(heard).not.toContain('web-1')
  })

  test('hears a run go on, and its end', async () => {
    const { said, press, settled } = open({ runbook: 'server-setup', target: web1 })
    await settled('nothing has run yet')
    await press('c')
    await settled('8 checks failed.')
    expect(said()).toContain('Left to do')
  })
})

describe('what is new in a frame', () => {
  test('is each line that was not there before, in order', () => {
    expect(announced(['a', 'b'], ['a', 'c', 'b', 'd'], 'selected')).toEqual(['c', 'd'])
  })

  test('a row that lost the mark is not new, the one that got it is', () => {
    expect(announced(['x', 'selected a', 'b'], ['x', 'a', 'selected b'], 'selected')).toEqual(['selected b'])
  })

  test('another screen begins with an empty line', () => {
    expect(announced(['servers', 'a'], ['runbooks', 'b'], 'selected')).toEqual(['', 'runbooks', 'b'])
  })
})
