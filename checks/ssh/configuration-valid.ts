import { z } from 'zod'
import { check } from '../../src/model/check.ts'
import { outputOf } from '../../src/model/command.ts'
import { sh } from '../../src/model/script.ts'
import { fail, pass } from '../../src/model/verdict.ts'

/** sshd reads its configuration and its keys before it looks for this folder: this complaint alone means that both are good. */
const MISSING_FOLDER = /^Missing privilege separation directory: (\S+)$/

export const configurationValid = check({
  id: 'ssh/configuration-valid',
  title: 'sshd accepts its own configuration',
  why: 'A running sshd keeps its old configuration, so a broken file shows only when it restarts: at the next upgrade or reboot nobody gets in any more.',
  params: z.object({}),
  async probe({ run }) {
    const result = await run(sh`PATH=$PATH:/usr/sbin:/sbin; sshd -t`, { as: 'root' })
    // sshd ends its complaints with CR LF, as if a terminal were listening.
    const complaints = result.stderr.split(/\r?\n/).filter(line => line.trim() !== '')
    if (result.ending !== 'exited' || result.exitCode === 126 || result.exitCode === 127) {
      outputOf(result, 'what sshd says of its configuration')
    }
    if (result.exitCode === 0) return pass('sshd -t finds nothing wrong')
    const [first = ''] = complaints
    const folder = MISSING_FOLDER.exec(first)?.[1]
    if (folder !== undefined && complaints.length === 1) {
      return pass(
        `sshd -t finds nothing wrong but that ${folder} is missing, which is made when the service starts (no sshd runs while systemd waits on its socket)`,
        { telling: first },
      )
    }
    return fail(`sshd would not start again: ${first || `sshd -t ended with ${result.exitCode}`}`, {
      measured: `exit status ${result.exitCode}`,
      expected: 'exit status 0',
      ...(first ? { telling: first } : {}),
      advice:
        'Correct the line that it names, and keep this session open until `sshd -t` is silent: do not restart sshd before.',
    })
  },
})
