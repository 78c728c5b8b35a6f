/** Redirections: what a descriptor is for one command, and how it is put back. */

import { type OpenFile, TextInput } from '../system/open-file.ts'
import type { OpenMode, Process } from '../system/process.ts'
import { SystemError } from '../system/system-error.ts'
import type { Interpreter } from './interpreter.ts'
import type { Redirection } from './syntax.ts'

export type Undo = { readonly descriptor: number; readonly before: OpenFile | undefined }[]

const MODES: Readonly<Record<string, OpenMode>> = {
  '<': 'read',
  '>': 'write',
  '>|': 'write',
  '>>': 'append',
  '<>': 'both',
}

/**
 * Applies redirections to a process in their order.
 *
 * @returns what undoes them; the former files are held until then.
 * @throws SystemError with the `path`, after everything has been put back.
 */
export async function applyRedirections(
  shell: Interpreter,
  process: Process,
  redirections: readonly Redirection[],
): Promise<Undo> {
  const undo: Undo = []
  for (const redirection of redirections) {
    const text = await shell.expander.text(redirection.word)
    const { descriptor } = redirection
    try {
      const file = await target(process, redirection, text)
      undo.push({ descriptor, before: process.descriptors.get(descriptor)?.retain() })
      if (file) process.setDescriptor(descriptor, file)
      else process.closeDescriptor(descriptor)
    } catch (error) {
      restore(process, undo)
      if (error instanceof SystemError) throw Object.assign(error, { path: text })
      throw error
    }
  }
  return undo
}

/** The file to use; null to close the descriptor. */
async function target(process: Process, { operator }: Redirection, text: string): Promise<OpenFile | null> {
  if (operator === '<<') return new TextInput(Buffer.from(text, 'latin1'))
  if (operator === '<&' || operator === '>&') {
    if (text === '-') return null
    if (!/^\d+$/.test(text)) throw new SystemError('EBADF')
    return process.descriptor(Number(text))
  }
  return process.openFile(text, MODES[operator] ?? 'read')
}

export function restore(process: Process, undo: Undo): void {
  for (const { descriptor, before } of undo.reverse()) {
    if (before) {
      process.setDescriptor(descriptor, before)
      before.release()
    } else process.closeDescriptor(descriptor)
  }
}
