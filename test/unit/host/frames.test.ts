import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { FrameParser } from '../../../src/host/frames.ts'

const NONCE = '0123456789abcdef0123456789abcdef'

type Piece = { readonly data: string } | { readonly mark: string }

/** Feeds the chunks and joins what came out: data bytes that stand together, and marks. */
function parse(chunks: readonly Buffer[]): Piece[] {
  const pieces: Piece[] = []
  const parser = new FrameParser(NONCE, {
    data: bytes => {
      const last = pieces.at(-1)
      if (last && 'data' in last) pieces[pieces.length - 1] = { data: last.data + bytes.toString('latin1') }
      else pieces.push({ data: bytes.toString('latin1') })
    },
    mark: words => pieces.push({ mark: words.join(' ') }),
  })
  for (const chunk of chunks) parser.feed(chunk)
  parser.finish()
  return pieces
}

function bytesOf(pieces: readonly Piece[]): Buffer {
  return Buffer.concat(
    pieces.map(piece => Buffer.from('data' in piece ? piece.data : `${NONCE} ${piece.mark}\n`, 'latin1')),
  )
}

function split(bytes: Buffer, cuts: readonly number[]): Buffer[] {
  const at = [...new Set(cuts.map(cut => cut % (bytes.length + 1)))].sort((a, b) => a - b)
  return [...at, bytes.length].map((end, index) => bytes.subarray(at[index - 1] ?? 0, end))
}

/** Data made to look like marks: newlines, parts of the nonce, the nonce itself with one byte changed. */
const nasty = fc.oneof(
  fc.uint8Array({ maxLength: 40 }).map(bytes => Buffer.from(bytes).toString('latin1')),
  fc.constantFrom(
    '\n',
    NONCE,
    `\n${NONCE.slice(0, 31)}0 end 1 0\n`,
    `${NONCE} end 1 0\n`,
    `\n\n\n${NONCE.slice(0, 9)}`,
    'end 1 0\n',
  ),
)

const stream = fc.array(
  fc.oneof(
    fc.array(nasty, { maxLength: 4 }).map(parts => ({ data: parts.join('') })),
    fc.record({ mark: fc.constantFrom('begin 1', 'end 1 0', 'pid 2 31337', 'ready 1 0 timeout') }),
  ),
  { maxLength: 12 },
)

/** What the pieces mean: neighbouring data joined, a mark that data happens to spell read as one. */
function meant(pieces: readonly Piece[]): Piece[] {
  return parse([bytesOf(pieces)])
}

describe('frames', () => {
  it('finds the same marks and the same bytes wherever the stream is cut', () => {
    fc.assert(
      fc.property(stream, fc.array(fc.nat(), { maxLength: 20 }), (pieces, cuts) => {
        const bytes = bytesOf(pieces)
        const found = parse(split(bytes, cuts))
        expect(found).toEqual(meant(pieces))
        expect(bytesOf(found).equals(bytes)).toBe(true)
      }),
      { numRuns: 500 },
    )
  })

  it('gives every byte at once when fed byte by byte', () => {
    const bytes = bytesOf([
      { data: 'one\n' },
      { mark: 'end 1 7' },
      { data: '\u00ff\u0000' },
      { mark: 'end 2 0' },
    ])
    expect(parse([...bytes].map(byte => Buffer.from([byte])))).toEqual([
      { data: 'one\n' },
      { mark: 'end 1 7' },
      { data: '\u00ff\u0000' },
      { mark: 'end 2 0' },
    ])
  })

  it('never ends a frame for data that imitates one without the nonce', () => {
    const forged = `\n${'f'.repeat(32)} end 1 0\n`
    expect(parse([Buffer.from(forged)])).toEqual([{ data: forged }])
  })

  it('takes the nonce followed by a very long line for data', () => {
    const odd = `${NONCE} ${'x'.repeat(500)}\n`
    expect(parse([Buffer.from(odd)])).toEqual([{ data: odd }])
  })

  it('keeps what it held back when the stream is cut off in a mark', () => {
    for (let end = 0; end < 40; end++) {
      const cut = `data${NONCE} end 1`.slice(0, end)
      expect(bytesOf(parse([Buffer.from(cut)])).toString('latin1')).toBe(cut)
    }
  })
})
