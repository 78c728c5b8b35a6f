/**
 * Makes a plan exact: reads every file that would be written, turns merges into whole new contents, and seals
 * the result with a digest. What comes out is what is shown, and what is shown is what runs.
 */

import { createHash } from 'node:crypto'
import type { Action, PreparedAction } from '../model/action.ts'
import type { ReadContext } from '../model/check.ts'
import { outputOf, Unreadable } from '../model/command.ts'
import type { ShownPlan } from '../model/event.ts'
import type { AnyRemedy, Grade, RemedyPlan } from '../model/remedy.ts'
import { sh } from '../model/script.ts'

const GRADES: readonly Grade[] = ['reversible', 'disruptive', 'destructive']

/** @throws Unreadable when a file cannot be read or merged; then there is no plan. */
export async function preparePlan(
  remedy: AnyRemedy,
  checkId: string,
  plan: RemedyPlan,
  context: ReadContext,
): Promise<ShownPlan> {
  const actions: PreparedAction[] = []
  for (const action of plan.actions) actions.push(await prepareAction(action, context))
  const grade =
    GRADES[Math.max(GRADES.indexOf(remedy.grade), GRADES.indexOf(plan.grade ?? remedy.grade))] ??
    'destructive'
  const shown = {
    remedy: remedy.id,
    title: remedy.title,
    why: remedy.why,
    risk: remedy.risk,
    grade,
    check: checkId,
    actions,
    touches: [...plan.touches],
    ...(plan.interrupts === undefined ? {} : { interrupts: plan.interrupts }),
    undo: plan.undo,
    ...(plan.expectedSeconds === undefined ? {} : { expectedSeconds: plan.expectedSeconds }),
    ...(plan.guard === undefined ? {} : { guard: { ...plan.guard, revert: plan.guard.revert.text } }),
  }
  return { ...shown, digest: digestOf(shown) }
}

/** SHA-256 of the plan without its digest: consent is given to this, and nothing else is executed. */
export function digestOf(plan: Omit<ShownPlan, 'digest'>): string {
  return createHash('sha256').update(JSON.stringify(plan)).digest('hex')
}

async function prepareAction(action: Action, context: ReadContext): Promise<PreparedAction> {
  switch (action.type) {
    case 'write-file': {
      const { path, before } = await readFile(action.path, context)
      return { ...action, path, before }
    }
    case 'merge-json': {
      const { path, before } = await readFile(action.path, context)
      const content = mergeJsonText(before?.content ?? '', action.patch, path)
      const { title, mode, owner, validate } = action
      return writeOver({ title, path, content, mode, owner, validate, before })
    }
    case 'set-env': {
      const { path, before } = await readFile(action.path, context)
      if (before === null) throw new Unreadable(`${path} does not exist, so its keys cannot be set`)
      return writeOver({
        title: action.title,
        path,
        content: setEnvText(before.content, action.keys),
        mode: before.mode,
        owner: before.owner,
        validate: undefined,
        before,
      })
    }
    default:
      return action
  }
}

type Write = Extract<PreparedAction, { type: 'write-file' }>

/** A file that exists keeps its owner and mode; only a new one gets those of the plan. */
function writeOver(
  write: Pick<Write, 'title' | 'path' | 'content' | 'mode' | 'owner' | 'before'> & {
    validate: string | undefined
  },
): Write {
  const { validate, before, ...rest } = write
  return {
    type: 'write-file',
    ...rest,
    mode: before?.mode ?? write.mode,
    owner: before?.owner ?? write.owner,
    before,
    ...(validate === undefined ? {} : { validate }),
  }
}

type Before = NonNullable<Write['before']>

/** The file as it is, through links to the real one, since a rename would replace the link itself. */
async function readFile(
  path: string,
  context: ReadContext,
): Promise<{ path: string; before: Before | null }> {
  const script = sh`
    path=$(readlink -f -- ${path}) || path=${path}
    printf '%s\\n' "$path"
    if [ -f "$path" ]; then
      sha256sum < "$path" | cut -d ' ' -f 1
      stat -c '0%a %U:%G' -- "$path"
      cat -- "$path"
    elif [ -e "$path" ]; then
      echo 'it is not a regular file' >&2
      exit 66
    fi`
  const result = await context.run(script, { as: 'root' })
  const [real = path, sha256, status = '', ...content] = outputOf(result, path).split('\n')
  if (sha256 === undefined || sha256 === '') return { path: real, before: null }
  if (result.omittedBytes > 0) throw new Unreadable(`${path} is too large to be shown as a change`)
  const [mode = '', owner = ''] = status.split(' ')
  return {
    path: real,
    before: { content: content.join('\n'), sha256, mode: mode.padStart(4, '0').slice(-4), owner },
  }
}

/** @throws Unreadable when the text is no JSON object. An empty text counts as an empty object. */
export function mergeJsonText(text: string, patch: Record<string, unknown>, path: string): string {
  let current: unknown
  try {
    current = text.trim() === '' ? {} : JSON.parse(text)
  } catch (error) {
    throw new Unreadable(
      `${path} is not valid JSON (${placeOf(error)}): mend it by hand first, so that nothing in it is lost`,
    )
  }
  if (!isObject(current)) throw new Unreadable(`${path} does not hold a JSON object`)
  return `${JSON.stringify(deepMerge(current, patch), null, 2)}\n`
}

/** Where the fault is. The engine's own words quote what stands around it, which may be half a secret. */
function placeOf(error: unknown): string {
  const position = /position \d+(?: \(line \d+ column \d+\))?/.exec((error as Error).message)?.[0]
  return position === undefined ? 'it ends too early or holds a stray character' : `at ${position}`
}

const isObject = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value)

function deepMerge(base: Record<string, unknown>, patch: Record<string, unknown>): Record<string, unknown> {
  const merged: Record<string, unknown> = { ...base }
  for (const [key, value] of Object.entries(patch)) {
    const old = merged[key]
    merged[key] = isObject(old) && isObject(value) ? deepMerge(old, value) : value
  }
  return merged
}

/** Sets keys in env-file text: the last assignment of a key is replaced in place (it is the one in force), a new one appended. */
export function setEnvText(text: string, keys: Readonly<Record<string, string>>): string {
  const lines = text === '' ? [] : text.replace(/\n$/, '').split('\n')
  for (const [key, value] of Object.entries(keys)) {
    // One that held a line break would set other keys, too.
    if (/[\0\r\n]/.test(value)) throw new Unreadable(`the value for ${key} holds a line break`)
    const at = lines.findLastIndex(line => new RegExp(`^\\s*(export\\s+)?${key}\\s*=`).test(line))
    if (at === -1) lines.push(`${key}=${value}`)
    else lines[at] = `${key}=${value}`
  }
  return `${lines.join('\n')}\n`
}
