/** Channels that are child processes of ours, for this machine as a target. */

import { spawn } from 'node:child_process'
import type { Channel, ChannelListener, Transport } from './channel.ts'
import { ownEnvironment } from './own-path.ts'

/** A process left behind may hold the pipes open for ever. */
const EXIT_GRACE_MS = 2000

export const localTransport: Transport = {
  roundTripMs: 0,
  // Words go to the kernel as they are; `exec` is for a login shell, and there is none here.
  open: async command => childChannel(command[0] === 'exec' ? command.slice(1) : command),
}

/**
 * One child process. It gets a session of its own, so that a Ctrl-C at our terminal does not reach what runs there.
 */
export function childChannel([program = '/bin/sh', ...words]: readonly string[]): Channel {
  const child = spawn(program, words, {
    stdio: ['pipe', 'pipe', 'pipe'],
    detached: true,
    env: ownEnvironment(),
  })
  let listener: ChannelListener | undefined
  let over: { code: number | null } | undefined
  const closed = (code: number | null): void => {
    if (over) return
    over = { code }
    listener?.closed(code)
  }
  child.stdout.on('data', (chunk: Buffer) => listener?.stdout(chunk))
  child.stderr.on('data', (chunk: Buffer) => listener?.stderr(chunk))
  child.stdin.on('error', () => {})
  child.on('error', error => {
    listener?.stderr(
      Buffer.from(`${program}: ${error.message.includes('ENOENT') ? 'not found' : error.message}\n`),
    )
    closed(127)
  })
  child.on('exit', code => setTimeout(() => closed(code), EXIT_GRACE_MS).unref())
  child.on('close', code => closed(code))
  return {
    listen: next => {
      listener = next
      if (over) next.closed(over.code)
    },
    write: text => {
      if (child.stdin.writable) child.stdin.write(text)
    },
    end: () => child.stdin.end(),
    close: () => {
      child.stdin.end()
      child.stdout.destroy()
      child.stderr.destroy()
    },
  }
}
