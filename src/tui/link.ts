/** A path that a terminal opens on a click (OSC 8). Of our own words alone: what a server says never becomes a link. */

import { pathToFileURL } from 'node:url'

/**
 * The same text, and the file behind it. Where links are not known, terminals show the text alone.
 *
 * @param text must hold `path` as it is; without it, or without colour, nothing is changed.
 */
export function withFileLink(text: string, path: string, theme: { readonly colour: boolean }): string {
  if (!theme.colour) return text
  return text.replace(path, () => `\x1b]8;;${pathToFileURL(path).href}\x1b\\${path}\x1b]8;;\x1b\\`)
}
