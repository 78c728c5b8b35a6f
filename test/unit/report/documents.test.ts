import { join } from 'node:path'
import { expect, test } from 'vitest'
import { z } from 'zod'
import { check } from '../../../src/model/check.ts'
import { sh } from '../../../src/model/script.ts'
import { fail } from '../../../src/model/verdict.ts'
import { htmlReport } from '../../../src/report/html.ts'
import { code, markdownReport, text } from '../../../src/report/markdown.ts'
import { plainReport, UNICODE_MARKS } from '../../../src/report/plain.ts'
import { bookOf, fileIsThere, scriptRemedy, stage } from '../engine/stage.ts'

const NASTY = '<script>alert(1)</script> | `a` *b* </pre> "q" & [x](javascript:y)'

/** A run with one mended check, one that fails with hostile words, and one that it blocks. */
async function someRun() {
  const on = stage()
  const path = join(on.folder, 'here')
  const hostile = check({
    id: 'b/hostile',
    title: NASTY,
    why: NASTY,
    params: z.object({}),
    async probe({ run }) {
      await run(sh`printf '%s\n' ${NASTY} ${'```'}`)
      return fail(NASTY, { measured: NASTY, expected: NASTY, telling: NASTY, advice: NASTY })
    },
  })
  return on.play(
    bookOf(
      [fileIsThere('a/there', path, { remedies: [scriptRemedy('a/make', sh`touch ${path}`)] })],
      [hostile, fileIsThere('c/blocked', '/', { after: ['b/hostile'] })],
    ),
  )
}

test('the HTML report is one file that loads nothing and runs nothing', async () => {
  const html = htmlReport(await someRun())
  expect(html).not.toContain('<script')
  expect(html).not.toMatch(/\s(?:src|href|on\w+)\s*=/i)
  expect(html).toContain("default-src 'none'")
  expect(html).toContain('&lt;script&gt;alert(1)&lt;/script&gt;')
})

test('the HTML report has the result, what is left, what was changed, and every proof with its telling line', async () => {
  const html = htmlReport(await someRun())
  expect(html).toContain('A runbook on web-1: failed')
  expect(html).toMatch(/<h2>Left to do<\/h2>[\s\S]*Holds up: \/ is there/)
  expect(html).toMatch(/<h2>Changed<\/h2>[\s\S]*Do a\/make[\s\S]*proven[\s\S]*touch/)
  expect(html).toContain('<mark>&lt;script&gt;')
  expect(html).toContain('mended')
  expect(html).toContain('blocked')
  // Each opened element is closed: a server's words cannot break out of theirs.
  for (const tag of ['details', 'pre', 'ul', 'ol', 'dl', 'p', 'main'])
    expect([tag, html.split(new RegExp(`<${tag}[\\s>]`)).length]).toEqual([
      tag,
      html.split(`</${tag}>`).length,
    ])
})

test('the Markdown report has the same, and nothing in it is markup that is not ours', async () => {
  const markdown = markdownReport(await someRun())
  expect(markdown).toContain('# A runbook on web-1: failed')
  expect(markdown).toContain('## Left to do')
  expect(markdown).toContain('touch')
  const prose = markdown.replace(/^(`{3,})[^\n]*\n[\s\S]*?\n\1$/gm, '').replace(/`+[^\n]*?`+/g, '')
  expect(prose).not.toContain('<script>')
  expect(prose).not.toMatch(/(^|[^\\])\[x\]/m)
})

test('a fence is longer than any in what it holds', async () => {
  const markdown = markdownReport(await someRun())
  expect(markdown).toMatch(/^````\n[\s\S]*```[\s\S]*\n````$/m)
})

test('words and code in Markdown', () => {
  expect(text('a*b|c\nd')).toBe('a\\*b\\|c d')
  expect(code('a`b')).toBe('``a`b``')
  expect(code('`a')).toBe('`` `a ``')
})

test('what was measured stands at the head of both, with what is allowed and whether it was met', async () => {
  const measuring = check({
    id: 'drill/time',
    title: 'The drill was quick enough',
    why: 'A test needs it.',
    params: z.object({}),
    probe: async () =>
      fail('too slow', {
        figures: [
          { name: 'Recovery time', value: 780, unit: 's', target: 14_400 },
          { name: 'Data loss', value: 7200, unit: 's', target: 3600 },
          { name: 'Size', value: 1_400_000, unit: 'B' },
        ],
      }),
  })
  const state = await stage().play(bookOf([measuring]))
  const markdown = markdownReport(state)
  expect(markdown).toContain('| Recovery time | 13 min | 4 h | met |')
  expect(markdown).toContain('| Data loss | 2 h | 60 min | missed |')
  expect(markdown).toContain('| Size | 1.4 MB |  |  |')
  expect(markdown.indexOf('## Measured')).toBeLessThan(markdown.indexOf('## Left to do'))
  expect(htmlReport(state)).toMatch(/<td>Data loss<\/td><td><b>2 h<\/b>.*badge missed/)
  expect(plainReport(state, UNICODE_MARKS)).toContain('  Recovery time: 13 min of 4 h allowed')
})
