/** docs/benchmarks.md: a section for each part, so that one part can be measured anew and the others stay. */

/** The document with one section put in its place, or added at its end. @param body without its heading. */
export function withSection(document: string, title: string, body: string): string {
  const heading = `## ${title}\n`
  const section = `${heading}\n${body.trim()}\n`
  const at = document.indexOf(`\n${heading}`)
  if (at < 0) return `${document.trimEnd()}\n\n${section}`
  const next = document.indexOf('\n## ', at + heading.length)
  return document.slice(0, at + 1) + section + (next < 0 ? '' : document.slice(next))
}
