import { describe, expect, it } from 'vitest'
import type { Channel, ChannelListener, Transport } from '../../../src/host/channel.ts'
import { Sudo, sudoExchange } from '../../../src/host/sudo.ts'

/** A sudo that plays one scene: told what was written to it, answers through the listener. */
function scene(play: (listener: ChannelListener, written: string[], token: string) => void): {
  channel: (token: string) => Channel
  written: string[]
} {
  const written: string[] = []
  return {
    written,
    channel: token => {
      let listener: ChannelListener | undefined
      return {
        listen: next => {
          const first = listener === undefined
          listener = next
          if (first) setImmediate(() => play(next, written, token))
        },
        write: text => {
          written.push(text)
          if (listener) play(listener, written, token)
        },
        end: () => {},
        close: () => {},
      }
    },
  }
}

const said = (text: string): Buffer => Buffer.from(text)
const TOKEN = '00112233aabbccdd'

/** Threat 11: the password goes to whoever asks for it, or becomes a command. On a real server: lab/secrets.test.ts. */
describe('threat 11, the exchange with sudo', () => {
  it('sends no password where none is asked for', async () => {
    const { channel, written } = scene(listener => listener.stdout(said(`ready ${TOKEN}\n`)))
    const answer = await sudoExchange(channel(TOKEN), TOKEN, 's3cret')
    expect(answer.channel).toBeDefined()
    expect(written).toEqual([])
  })

  it('sends it once, in answer to our own prompt, in whatever words sudo wraps it', async () => {
    for (const prompt of [`[sudo ${TOKEN}]`, `[sudo: [sudo ${TOKEN}]] Password: `]) {
      const { channel, written } = scene((listener, sent) => {
        if (sent.length === 0) listener.stderr(said(prompt))
        else listener.stdout(said(`ready ${TOKEN}\n`))
      })
      expect((await sudoExchange(channel(TOKEN), TOKEN, 's3cret')).channel).toBeDefined()
      expect(written).toEqual(['s3cret\n'])
    }
  })

  it('sends none to a lecture that merely looks like a prompt', async () => {
    const { channel, written } = scene(listener => {
      listener.stderr(said('We trust you have received the usual lecture.\n[sudo] password for ops: '))
      listener.closed(1)
    })
    expect(await sudoExchange(channel(TOKEN), TOKEN, 's3cret')).toMatchObject({ why: 'refused' })
    expect(written).toEqual([])
  })

  it('takes a second prompt for a wrong password, and sends nothing more', async () => {
    const { channel, written } = scene((listener, sent) => {
      if (sent.length === 0) listener.stderr(said(`[sudo ${TOKEN}]`))
      else listener.stderr(said(`Sorry, try again.\n[sudo ${TOKEN}]`))
    })
    expect(await sudoExchange(channel(TOKEN), TOKEN, 's3cret')).toMatchObject({ why: 'wrong' })
    expect(written).toEqual(['s3cret\n'])
  })

  it.each([
    ['sudo: a password is required\n', 'password', 'sudo wants a password'],
    ['sh: 1: exec: sudo: not found\n', 'refused', 'root is needed, and sudo is not installed on the server'],
    [
      'ops is not in the sudoers file.\n',
      'refused',
      'root is needed, and sudo refused it (it said: ops is not in the sudoers file.)',
    ],
    [
      'sudo: sorry, you must have a tty to run sudo\n',
      'refused',
      'root is needed, and sudo refused it (it said: sudo: sorry, you must have a tty to run sudo)',
    ],
  ])('understands %j', async (words, why, sentence) => {
    const { channel } = scene(listener => {
      listener.stderr(said(words))
      listener.closed(1)
    })
    expect(await sudoExchange(channel(TOKEN), TOKEN, undefined)).toEqual({ why, sentence })
  })
})

describe('sudo for a session', () => {
  /** Wants the password `right`. */
  function server(): { transport: Transport; commands: string[] } {
    const commands: string[] = []
    const transport: Transport = {
      roundTripMs: 0,
      open: async words => {
        const command = words.join(' ')
        commands.push(command)
        const token = /ready ([0-9a-f]+)/.exec(command)?.[1] ?? ''
        const asks = /\[sudo [0-9a-f]+\]/.exec(command)?.[0]
        return scene((listener, sent) => {
          if (!asks) {
            listener.stderr(said('sudo: a password is required\n'))
            listener.closed(1)
          } else if (sent.length === 0) listener.stderr(said(asks))
          else if (sent[0] === 'right\n') listener.stdout(said(`ready ${token}\n`))
          else listener.stderr(said(asks))
        }).channel(token)
      },
    }
    return { transport, commands }
  }

  it('asks once for all shells, again after a wrong answer, and puts no password into a command', async () => {
    const { transport, commands } = server()
    const asked: number[] = []
    const sudo = new Sudo(transport, 'ops', async attempt => {
      asked.push(attempt)
      return attempt === 1 ? 'wrong' : 'right'
    })
    const shells = await Promise.all([sudo.open(), sudo.open(), sudo.open()])
    expect(shells).toHaveLength(3)
    expect(asked).toEqual([1, 2])
    expect(commands[0]).toContain('sudo -n --')
    expect(commands.join('\n')).not.toMatch(/right|wrong/)
  })

  it('gives up when the operator declines, and after three wrong answers', async () => {
    const { transport } = server()
    await expect(new Sudo(transport, 'ops', async () => null).open()).rejects.toThrow(
      'root is needed, and no sudo password was given for ops',
    )
    let asked = 0
    const sudo = new Sudo(transport, 'ops', async () => {
      asked++
      return 'wrong'
    })
    await expect(sudo.open()).rejects.toThrow('sudo refused the password of ops 3 times')
    expect(asked).toBe(3)
  })
})
