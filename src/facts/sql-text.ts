/** Names and texts as SQL takes them. */

/** A name, whatever is in it. */
export const identifier = (name: string): string => `"${name.replaceAll('"', '""')}"`

/** A text, whatever is in it. */
export const literal = (text: string): string =>
  `${text.includes('\\') ? ' E' : ''}'${text.replaceAll('\\', '\\\\').replaceAll("'", "''")}'`
