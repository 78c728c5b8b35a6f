import { describe, expect, it } from 'vitest'
import { Capture, HEAD_BYTES, TAIL_BYTES } from '../../../src/host/capture.ts'

describe('capture', () => {
  it('keeps everything up to head and tail together', () => {
    const capture = new Capture()
    const text = 'x'.repeat(HEAD_BYTES + TAIL_BYTES)
    capture.add(Buffer.from(text))
    expect(capture.omittedBytes).toBe(0)
    expect(capture.text()).toBe(text)
  })

  it('keeps head and tail of a flood, and says how much is missing', () => {
    const capture = new Capture()
    capture.add(Buffer.from('first\n'))
    const noise = Buffer.alloc(65_536, 0x2e)
    for (let index = 0; index < 100; index++) capture.add(noise)
    capture.add(Buffer.from('\nlast'))
    const total = 6 + 100 * noise.length + 5
    expect(capture.omittedBytes).toBe(total - HEAD_BYTES - TAIL_BYTES)
    const text = capture.text()
    expect(text.startsWith('first\n')).toBe(true)
    expect(text.endsWith('\nlast')).toBe(true)
    expect(text).toContain(`\n[${capture.omittedBytes} bytes left out here]\n`)
    expect(text.length).toBeLessThan(HEAD_BYTES + TAIL_BYTES + 100)
  })

  it('puts a character together again that came in two chunks', () => {
    const live: string[] = []
    const capture = new Capture(text => live.push(text))
    const bytes = Buffer.from('zwölf')
    capture.add(bytes.subarray(0, 3))
    capture.add(bytes.subarray(3))
    expect(live.join('')).toBe('zwölf')
    expect(capture.text()).toBe('zwölf')
  })

  it('replaces bytes that are no UTF-8', () => {
    const capture = new Capture()
    capture.add(Buffer.from([0x61, 0xff, 0x62]))
    expect(capture.text()).toBe('a\ufffdb')
  })
})
