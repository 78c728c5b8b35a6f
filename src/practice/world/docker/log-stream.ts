/** Where a container's output goes: its log, line by line. */

import { OpenFile } from '../../system/open-file.ts'
import type { Container } from './types.ts'

const MOST_LINES = 5000

export class LogStream extends OpenFile {
  readonly #container: Container | undefined
  readonly #stream: 'stdout' | 'stderr'
  readonly #now: () => number
  #rest = ''
  /** All of it, for who only wants to read what was printed. */
  text = ''

  constructor(container: Container | undefined, stream: 'stdout' | 'stderr', now: () => number) {
    super(undefined, 'pipe:[log]')
    this.#container = container
    this.#stream = stream
    this.#now = now
  }

  async read(): Promise<Buffer> {
    return Buffer.alloc(0)
  }

  async write(bytes: Buffer): Promise<void> {
    const text = bytes.toString('utf8')
    if (!this.#container) {
      this.text += text
      return
    }
    const lines = (this.#rest + text).split('\n')
    this.#rest = lines.pop() ?? ''
    for (const line of lines) addLog(this.#container, this.#now(), line, this.#stream)
  }
}

export function addLog(
  container: Container,
  at: number,
  text: string,
  stream: 'stdout' | 'stderr' = 'stdout',
): void {
  container.logs.push({ at, stream, text })
  if (container.logs.length > MOST_LINES) container.logs.splice(0, 1000)
}
