/**
 * The unit of change, as data. A remedy plans actions; the engine prepares them against the server (so that a
 * write shows its diff), shows them, and runs exactly what it showed.
 */

import { z } from 'zod'
import type { Script } from './script.ts'

const RunAsSchema = z.string().regex(/^(login|root|user:[a-z_][a-z0-9_-]*)$/)

/** Runs a script. `lasting` ones go on without the connection and are attached to again. */
export const RunAction = z.object({
  type: z.literal('run'),
  title: z.string(),
  script: z.string(),
  as: RunAsSchema,
  /** Seconds until its process group is ended, 1 to 7200. */
  timeoutSeconds: z.number().int().min(1).max(7200),
  /** True for anything that may take more than a few seconds. */
  lasting: z.boolean(),
})

/** A file as it was when the plan was shown: it must still be so when the write happens. */
export const FileBefore = z.object({
  content: z.string(),
  sha256: z.string(),
  mode: z.string(),
  owner: z.string(),
})

/**
 * Writes a whole file: beside, synced, checked by `validate`, then renamed over. Compare and swap: refused when
 * the file is no longer the one that was shown. The old file is kept as a backup.
 */
export const WriteFileAction = z.object({
  type: z.literal('write-file'),
  title: z.string(),
  path: z.string().startsWith('/'),
  content: z.string(),
  /** Octal, four digits: `0644`. */
  mode: z.string().regex(/^0[0-7]{3}$/),
  /** `user:group`. */
  owner: z.string(),
  /** A script that must exit 0 with the candidate file's path in `$candidate`, else nothing is changed. */
  validate: z.string().optional(),
  /** Filled in when the plan is prepared: null for a file that does not exist yet. */
  before: FileBefore.nullable().optional(),
})

/** Deep-merges keys into a JSON file, keeping what else is in it. Prepared into a write with a diff. */
export const MergeJsonAction = z.object({
  type: z.literal('merge-json'),
  title: z.string(),
  path: z.string().startsWith('/'),
  patch: z.record(z.string(), z.json()),
  mode: z.string(),
  owner: z.string(),
  validate: z.string().optional(),
})

/** Sets keys in an env file, keeping order, comments and every other line. Prepared into a write with a diff. */
export const SetEnvAction = z.object({
  type: z.literal('set-env'),
  title: z.string(),
  path: z.string().startsWith('/'),
  keys: z.record(z.string().regex(/^[A-Za-z_][A-Za-z0-9_]*$/), z.string()),
})

/** Asks again and again until a script exits 0. */
export const WaitAction = z.object({
  type: z.literal('wait'),
  title: z.string(),
  script: z.string(),
  as: RunAsSchema,
  everySeconds: z.number().min(0.2).max(60),
  timeoutSeconds: z.number().int().min(1).max(3600),
})

/** Restarts the server and waits until it answers again with a new boot id. */
export const RebootAction = z.object({
  type: z.literal('reboot'),
  title: z.string(),
  timeoutSeconds: z.number().int().min(10).max(1800),
})

/** Asks a person to do something elsewhere (a DNS provider, a cloud console). */
export const AskAction = z.object({
  type: z.literal('ask'),
  title: z.string(),
  instructions: z.array(z.string()).min(1),
})

export const Action = z.discriminatedUnion('type', [
  RunAction,
  WriteFileAction,
  MergeJsonAction,
  SetEnvAction,
  WaitAction,
  RebootAction,
  AskAction,
])
export type Action = z.infer<typeof Action>

/** What is left after preparing: merges have become writes, and every write knows what it replaces. */
export const PreparedAction = z.discriminatedUnion('type', [
  RunAction,
  WriteFileAction.extend({ before: FileBefore.nullable() }),
  WaitAction,
  RebootAction,
  AskAction,
])
export type PreparedAction = z.infer<typeof PreparedAction>

type Options<T extends Action['type'], Needed extends string> = Omit<
  Extract<Action, { type: T }>,
  'type' | 'script' | Needed
> &
  Partial<Pick<Extract<Action, { type: T }>, Needed & keyof Extract<Action, { type: T }>>>

/** A script as root, for at most a minute, unless said otherwise. */
export function runAction(
  title: string,
  script: Script,
  options: Partial<Options<'run', 'title'>> = {},
): Action {
  return {
    type: 'run',
    title,
    script: script.text,
    as: 'root',
    timeoutSeconds: 60,
    lasting: false,
    ...options,
  }
}

/** A script that takes longer than a few seconds: it survives the connection. At most 30 minutes unless said otherwise. */
export function lastingAction(
  title: string,
  script: Script,
  options: Partial<Options<'run', 'title'>> = {},
): Action {
  return runAction(title, script, { timeoutSeconds: 1800, lasting: true, ...options })
}

/** A whole file, `0644 root:root` unless said otherwise. */
export function writeFile(
  path: string,
  content: string,
  options: { title?: string; mode?: string; owner?: string; validate?: Script } = {},
): Action {
  const { title = `Write ${path}`, mode = '0644', owner = 'root:root', validate } = options
  return {
    type: 'write-file',
    title,
    path,
    content,
    mode,
    owner,
    ...(validate ? { validate: validate.text } : {}),
  }
}

/** Keys merged into a JSON file, `0644 root:root` where it does not exist yet. */
export function mergeJson(
  path: string,
  patch: Record<string, z.infer<ReturnType<typeof z.json>>>,
  options: { title?: string; validate?: Script } = {},
): Action {
  const { title = `Merge into ${path}`, validate } = options
  return {
    type: 'merge-json',
    title,
    path,
    patch,
    mode: '0644',
    owner: 'root:root',
    ...(validate ? { validate: validate.text } : {}),
  }
}
