/** The speed of the screens: first paint, a key under a flood of output, memory, and what a small change costs. */

import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { rolldown } from 'rolldown'
import { quickWidths } from '../../scripts/quick-widths.ts'
import { buildProgram, flagsOf, newHome, openProgram } from '../pty/program.ts'
import { openPty, type PtyTerminal } from '../pty/terminal.ts'
import { type Figure, median, percentile } from './figure.ts'

const STARTS = 15
const KEYS = 200

/** @param tell told what is measured now. */
export async function measureScreens(tell: (what: string) => void): Promise<Figure[]> {
  const flood = await bundleFlood()
  try {
    tell('first paint')
    const paint = await firstPaint()
    tell('keys under a flood')
    const keys = await underFlood(flood.path)
    tell('memory')
    return [...paint, ...keys, ...(await memory(flood.path))]
  } finally {
    flood.remove()
  }
}

/** In turns with a bare process, after one of each that fills caches. */
async function firstPaint(): Promise<Figure[]> {
  const program = buildProgram()
  const home = newHome()
  const bare: number[] = []
  const painted: number[] = []
  const usable: number[] = []
  const start = (onData: (data: string) => void) => openProgram(program.path, home, [], { onData })
  try {
    for (let turn = 0; turn <= STARTS; turn += 1) {
      const times = [
        await timeTo('a line', onData => openPty(['-e', 'console.log("a line")'], { onData })),
        await timeTo('KNEEBOARD', start),
        await timeTo('There is no server here yet.', start),
      ] as const
      if (turn === 0) continue
      bare.push(times[0])
      painted.push(times[1])
      usable.push(times[2])
    }
  } finally {
    home.remove()
    program.remove()
  }
  const against = (values: readonly number[]) => median(values) / median(bare)
  const words = (values: readonly number[]) =>
    `${against(values).toFixed(2)}× (${Math.round(median(values))} / ${Math.round(median(bare))} ms)`
  return [
    {
      what: 'First paint, cold, against `node -e` printing a line',
      figure: words(painted),
      limit: '4×',
      isKept: against(painted) <= 4,
    },
    { what: 'The list of servers, ready for keys, against the same', figure: words(usable) },
  ]
}

async function timeTo(
  wanted: string,
  open: (onData: (data: string) => void) => PtyTerminal,
): Promise<number> {
  const started = performance.now()
  let seen: (milliseconds: number) => void = () => {}
  const found = new Promise<number>(resolve => {
    seen = resolve
  })
  const terminal = open(() => {
    if (terminal.text().includes(wanted)) seen(performance.now() - started)
  })
  const milliseconds = await Promise.race([found, late(30, wanted)])
  // The compile cache is written at a clean end.
  terminal.press('q')
  await Promise.race([terminal.ended, new Promise(resolve => setTimeout(resolve, 2000))])
  await terminal.close()
  return milliseconds
}

/** Key to paint while output streams and checks come and go; and what one changed row costs in bytes. */
async function underFlood(path: string): Promise<Figure[]> {
  const figures: Figure[] = []
  for (const [columns, rows] of [
    [80, 24],
    [140, 45],
  ] as const) {
    const terminal = openPty([...flags(), path, '10000', '999999999'], { columns, rows })
    await begin(terminal)
    await terminal.waitFor('following', 30)
    const times: number[] = []
    const busy: number[] = []
    for (let key = 0; key < KEYS; key += 1) {
      const wanted = key % 2 === 0 ? 'paused' : 'following'
      const before = processorTime(terminal.pid)
      times.push(await keyToPaint(terminal, key % 2 === 0 ? 'p' : 'f', wanted))
      busy.push(processorTime(terminal.pid) - before)
      await new Promise(resolve => setTimeout(resolve, 7 + (key % 13)))
    }
    terminal.kill('SIGKILL')
    await terminal.close()
    const [middle, late99] = [median(times), percentile(times, 0.99)]
    figures.push({
      what: `Key to paint at ${columns}×${rows}, 10,000 lines/s and 100 checks: p50 / p99`,
      figure: `${middle.toFixed(1)} / ${late99.toFixed(1)} ms`,
      limit: 'p99 50 ms',
      isKept: late99 <= 50,
    })
    if (busy.every(Number.isFinite))
      figures.push({
        what: `Of which the program itself was at work, whatever else the machine did: p50 / p99`,
        figure: `${median(busy).toFixed(1)} / ${percentile(busy, 0.99).toFixed(1)} ms`,
      })
    figures.push(await oneLine(path, columns, rows))
  }
  return figures
}

/** Milliseconds of processor time of a program's main thread, as Linux counts them; NaN elsewhere. */
function processorTime(pid: number): number {
  try {
    return Number(readFileSync(`/proc/${pid}/task/${pid}/schedstat`, 'utf8').split(' ')[0]) / 1e6
  } catch {
    return Number.NaN
  }
}

async function oneLine(path: string, columns: number, rows: number): Promise<Figure> {
  const terminal = openPty([...flags(), path, '0', '0'], { columns, rows })
  await terminal.waitFor('nothing has run yet', 30)
  // A plan stands still: all bytes from here on are the key's.
  terminal.press('p', '?')
  await terminal.waitFor('On this screen')
  await quiet(terminal)
  const whole = terminal.raw().length
  terminal.press('escape')
  await terminal.waitFor('nothing has run yet')
  await quiet(terminal)
  const screen = terminal.raw().length - whole
  const before = terminal.raw().length
  terminal.press(':')
  await terminal.waitFor('What would you like to do?')
  await quiet(terminal)
  terminal.press('c')
  const typed = terminal.raw().length
  await quiet(terminal)
  terminal.press('o')
  await quiet(terminal)
  const bytes = terminal.raw().length - typed
  terminal.kill('SIGKILL')
  await terminal.close()
  return {
    what: `Bytes for a typed character at ${columns}×${rows} (a whole screen: ${Math.max(screen, typed - before)})`,
    figure: `${bytes} bytes`,
    limit: 'no full repaint',
    isKept: bytes < Math.max(screen, typed - before) / 2,
  }
}

async function memory(path: string): Promise<Figure[]> {
  const terminal = openPty([...flags(), path, '20000', '200000'], { columns: 140, rows: 45 })
  await begin(terminal)
  await terminal.waitFor('line 200000:', 120)
  const status = readFileSync(`/proc/${terminal.pid}/status`, 'utf8')
  const [now, peak] = ['VmRSS', 'VmHWM'].map(
    name => Number(new RegExp(`${name}:\\s+(\\d+)`).exec(status)?.[1]) / 1024,
  )
  terminal.kill('SIGKILL')
  await terminal.close()
  return [
    {
      what: 'Resident memory after 200,000 lines at 140×45 (peak)',
      figure: `${Math.round(now ?? 0)} MB (${Math.round(peak ?? 0)})`,
      limit: '150 MB',
      isKept: (now ?? Number.POSITIVE_INFINITY) < 150,
    },
  ]
}

async function begin(terminal: PtyTerminal): Promise<void> {
  await terminal.waitFor('nothing has run yet', 30)
  terminal.press('enter')
}

/** Milliseconds from the write of a key to the screen that shows what it did. */
function keyToPaint(terminal: PtyTerminal, key: string, wanted: string): Promise<number> {
  return new Promise((resolve, reject) => {
    const listener = terminal.screen.onWriteParsed(() => {
      if (!terminal.text().includes(wanted)) return
      clearTimeout(limit)
      listener.dispose()
      resolve(performance.now() - started)
    })
    const limit = setTimeout(() => reject(new Error(`${key} was never painted:\n${terminal.text()}`)), 20_000)
    const started = performance.now()
    terminal.press(key)
  })
}

/** Waits until the program has written nothing for a moment. */
async function quiet(terminal: PtyTerminal): Promise<void> {
  let before = -1
  while (terminal.raw().length !== before) {
    before = terminal.raw().length
    await new Promise(resolve => setTimeout(resolve, 300))
  }
}

const late = (seconds: number, wanted: string): Promise<never> =>
  new Promise((_, reject) =>
    setTimeout(() => reject(new Error(`not within ${seconds} s: ${wanted}`)), seconds * 1000).unref(),
  )

/** As scripts/build.ts does it, with the same modules in place of others. */
/** The flood runs under the flags that the program itself has. */
const flags = () => flagsOf(fileURLToPath(new URL('../../src/kneeboard.ts', import.meta.url)))

async function bundleFlood(): Promise<{ path: string; remove(): void }> {
  const folder = mkdtempSync(join(tmpdir(), 'kneeboard-bench-'))
  const bundle = await rolldown({
    input: { flood: fileURLToPath(new URL('flood.ts', import.meta.url)) },
    platform: 'node',
    plugins: [quickWidths],
    external: [/\.node$/, 'cpu-features', 'react-devtools-core'],
    transform: { define: { 'process.env.NODE_ENV': '"production"' } },
    logLevel: 'warn',
  })
  await bundle.write({ dir: folder, format: 'esm', minify: true, entryFileNames: '[name].js' })
  await bundle.close()
  writeFileSync(join(folder, 'package.json'), '{"type":"module"}\n')
  return { path: join(folder, 'flood.js'), remove: () => rmSync(folder, { recursive: true, force: true }) }
}
