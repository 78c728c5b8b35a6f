/** A JSON file of ours: read with its schema, kept by `conf`, and never overwritten when it is broken. */

import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import Conf from 'conf'
import {
  findNodeAtLocation,
  getNodeValue,
  type JSONPath,
  type Node,
  type ParseError,
  parseTree,
} from 'jsonc-parser'
import type { z } from 'zod'
import { EXIT, Failure } from '../model/failure.ts'

export interface JsonFile<T> {
  readonly path: string
  /** @throws Failure (78) with the path, the place in it and what was expected; the file is left as it is. */
  read(): T
  /** Replaces the whole content, atomically, mode 0600. @throws Failure (78) when it cannot be written. */
  write(value: T): void
}

export function openJsonFile<T extends object>(
  folder: string,
  name: string,
  schema: z.ZodType<T>,
  empty: T,
): JsonFile<T> {
  const path = join(folder, `${name}.json`)
  const broken = (what: string) =>
    new Failure(
      EXIT.configuration,
      `${path}: ${what}`,
      'The file was left as it is: correct that place, or move the file away to start afresh.',
    )

  function read(): T {
    const text = readIfThere(path)
    if (text === undefined) return empty
    const errors: ParseError[] = []
    const tree = parsed(text, errors)
    const [first] = errors
    if (first !== undefined || tree === undefined) {
      throw broken(`it is not valid JSON, ${placeOf(text, first?.offset ?? text.length)}`)
    }
    const checked = schema.safeParse(getNodeValue(tree))
    if (checked.success) return checked.data
    const issue = checked.error.issues[0]
    const field = issue?.path.join('.') || 'the whole file'
    const place = placeOf(text, offsetOf(tree, (issue?.path ?? []) as JSONPath))
    throw broken(`${place}, ${field}: ${issue?.message ?? 'not as expected'}`)
  }

  return {
    path,
    read,
    write(value) {
      read()
      try {
        const store = new Conf<Record<string, unknown>>({
          cwd: folder,
          configName: name,
          clearInvalidConfig: false,
          configFileMode: 0o600,
        })
        store.store = value as Record<string, unknown>
      } catch (error) {
        throw new Failure(
          EXIT.configuration,
          `${path} cannot be written: ${(error as Error).message}`,
          'Free space or correct its owner and mode.',
        )
      }
    },
  }
}

/** The parser calls itself for every bracket: a file of nothing but brackets is no JSON of ours. */
function parsed(text: string, errors: ParseError[]): Node | undefined {
  try {
    return parseTree(text, errors, { disallowComments: true, allowTrailingComma: false })
  } catch {
    return undefined
  }
}

function readIfThere(path: string): string | undefined {
  try {
    return readFileSync(path, 'utf8')
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined
    throw new Failure(EXIT.configuration, `${path} cannot be read: ${(error as Error).message}`)
  }
}

/** Both counted from 1, as editors do. */
function placeOf(text: string, offset: number): string {
  const before = text.slice(0, offset)
  return `line ${before.split('\n').length}, column ${offset - before.lastIndexOf('\n')}`
}

/** Where a value stands; for one that is missing, where the innermost object that should hold it stands. */
function offsetOf(tree: Node, path: JSONPath): number {
  for (let length = path.length; length > 0; length -= 1) {
    const node = findNodeAtLocation(tree, path.slice(0, length))
    if (node) return node.offset
  }
  return tree.offset
}
