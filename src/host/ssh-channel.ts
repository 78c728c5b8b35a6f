/** An ssh2 channel as the lanes see it. */

import type { ClientChannel } from 'ssh2'
import type { Channel, ChannelListener } from './channel.ts'

/** After `exit`, a background child may keep the channel open for ever. */
const EXIT_GRACE_MS = 2000

/** Both streams are read from the first byte on: unread standard error would hang the command (ssh.md §2.1). */
export function sshChannel(stream: ClientChannel): Channel {
  let listener: ChannelListener | undefined
  let exitCode: number | null = null
  let over = false
  const closed = (): void => {
    if (over) return
    over = true
    listener?.closed(exitCode)
  }
  stream.on('data', (chunk: Buffer) => listener?.stdout(chunk))
  stream.stderr.on('data', (chunk: Buffer) => listener?.stderr(chunk))
  stream.on('error', () => {})
  stream.on('exit', (code: number | null) => {
    exitCode = code
    setTimeout(closed, EXIT_GRACE_MS).unref()
  })
  stream.on('close', closed)
  return {
    listen: next => {
      listener = next
      if (over) next.closed(exitCode)
    },
    write: text => {
      if (!over && stream.writable) stream.write(text)
    },
    end: () => {
      if (!over && stream.writable) stream.end()
    },
    close: () => stream.close(),
  }
}
