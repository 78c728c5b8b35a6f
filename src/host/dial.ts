/** Opens the socket that ssh2 talks over: it would leave Nagle's algorithm on and write each packet in pieces. */

import { connect } from 'node:net'
import type { Duplex } from 'node:stream'
import { connectFailure } from './connection-errors.ts'

export interface Dialled {
  readonly stream: Duplex
  /** How long the TCP handshake took: one round trip. */
  readonly roundTripMs: number
}

/** @throws Failure (unreachable): name not known, port refused, no answer within the seconds. */
export function dialTcp(host: string, port: number, seconds: number, signal?: AbortSignal): Promise<Dialled> {
  return new Promise((resolve, reject) => {
    let since = performance.now()
    // Node gives each address 250 ms by default, which is less than a slow line needs.
    const socket = connect({ host, port, noDelay: true, autoSelectFamilyAttemptTimeout: 3000 })
    const stop = (): void => {
      clearTimeout(tooLate)
      signal?.removeEventListener('abort', onAbort)
    }
    const fail = (error: { code?: string | undefined; message?: string }): void => {
      stop()
      socket.destroy()
      reject(connectFailure(error, host, port))
    }
    const onAbort = (): void => fail({ message: 'it was stopped' })
    const tooLate = setTimeout(() => fail({ code: 'SILENT' }), seconds * 1000)
    signal?.addEventListener('abort', onAbort, { once: true })
    socket.on('lookup', () => {
      since = performance.now()
    })
    socket.on('error', fail)
    socket.once('connect', () => {
      stop()
      socket.off('error', fail)
      const roundTripMs = performance.now() - since
      resolve({ stream: corked(socket), roundTripMs })
    })
  })
}

/** Gathers everything written in one tick into one packet: ssh2 writes length, body and tag apart. */
export function corked<S extends Duplex>(stream: S): S {
  const write = stream.write.bind(stream) as (...parts: unknown[]) => boolean
  let corkedNow = false
  const gathered = (...parts: unknown[]): boolean => {
    if (!corkedNow) {
      corkedNow = true
      stream.cork()
      process.nextTick(() => {
        corkedNow = false
        stream.uncork()
      })
    }
    return write(...parts)
  }
  stream.write = gathered as S['write']
  return stream
}
