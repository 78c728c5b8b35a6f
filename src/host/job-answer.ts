/** Reads what the job scripts print. Pure. */

import { Unreadable } from '../model/command.ts'

/** Where a job stands on the server. */
export type JobState =
  /** No trace of it, or a start that was taken back: its command never ran. */
  | { readonly state: 'absent' }
  /** Claimed by nobody yet. */
  | { readonly state: 'starting' }
  | { readonly state: 'running' }
  | { readonly state: 'done'; readonly exitCode: number; readonly why: 'exit' | 'timeout' | 'stopped' }
  /** Nobody watched it to its end: it may have run in part. */
  | {
      readonly state: 'lost'
      readonly reason: 'rebooted' | 'supervisor-killed'
      /** True when its command goes on although nobody writes down how it ends. */
      readonly stillRunning: boolean
    }

export interface JobPoll {
  readonly job: JobState
  /** Bytes of output that can be read from the server: the first part, at most `maxBytes`. */
  readonly size: number
  /** Bytes printed in all; known when the job is done, else the same as `size`. */
  readonly total: number
  /** Output from the byte asked for on. */
  readonly bytes: Buffer
  /** The last of the output beyond `size`; present only in the last answer for a job that is done. */
  readonly tail: Buffer
}

/** @throws Unreadable for anything but a line that the scripts print. */
export function parseJobState(line: string): JobState {
  const [state, first, second] = line.trim().split(' ')
  if (state === 'absent' || state === 'never') return { state: 'absent' }
  if (state === 'starting' || state === 'running') return { state }
  if (state === 'done' && /^\d{1,3}$/.test(first ?? '') && isWhy(second))
    return { state, exitCode: Number(first), why: second }
  if (state === 'lost' && (first === 'rebooted' || first === 'supervisor-killed')) {
    return { state, reason: first, stillRunning: second === 'yes' }
  }
  throw new Unreadable(`the job’s state could not be understood: ${line.slice(0, 80)}`)
}

function isWhy(word: string | undefined): word is 'exit' | 'timeout' | 'stopped' {
  return word === 'exit' || word === 'timeout' || word === 'stopped'
}

/** @throws Unreadable when the answer is not whole. */
export function parsePoll(text: string): JobPoll {
  const parts =
    /^state (.*)\nsize (\d+)\ntotal (\d+)\nencoding (base64|hex)\ndata\n([\s\S]*?)tail\n([\s\S]*?)end\n$/.exec(
      text,
    )
  if (parts === null) throw new Unreadable('the job’s state could not be read: the answer is not whole')
  const [, state = '', size, total, encoding, data = '', tail = ''] = parts
  const decode = (encoded: string) =>
    Buffer.from(encoded.replace(/\s/g, ''), encoding === 'hex' ? 'hex' : 'base64')
  return {
    job: parseJobState(state),
    size: Number(size),
    total: Number(total),
    bytes: decode(data),
    tail: decode(tail),
  }
}
