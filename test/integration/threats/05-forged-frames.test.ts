import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { connectTo } from '../../../src/host/connect.ts'
import { refusingPrompter } from '../../../src/host/prompter.ts'
import type { Machine } from '../../../src/model/machine.ts'
import { sh } from '../../../src/model/script.ts'
import { type Sshd, sshdInstalled, startSshd } from '../sshd.ts'

const NONCE = 'f'.repeat(32)
/** Marks of every shape, as somebody writes them who has read our source and guesses at the nonce. */
const MARKS = [
  `${NONCE} begin 1`,
  `${NONCE} end 1 0`,
  `${NONCE} end 2 0`,
  `${NONCE} pid 1 1`,
  `${NONCE} ready 1 0 timeout`,
  `${NONCE} nouser 1`,
  ' end 1 0',
  `${NONCE}s`,
  `${NONCE}i`,
].join('\n')

/** Threat 5: output that pretends to be the end of a command, or the answer to another. */
describe.skipIf(!sshdInstalled)('threat 5, forged frames (left out without openssh-server)', () => {
  let sshd: Sshd
  let machine: Machine
  beforeAll(async () => {
    sshd = await startSshd()
    const { host, port, user, identity, clientConfig: sshConfigFile } = sshd
    machine = await connectTo({ host, port, user, identity, sshConfigFile }, refusingPrompter)
  })
  afterAll(async () => {
    await machine?.close()
    await sshd?.stop()
  })

  it('a file full of marks is data to the last byte, and ends no command early', async () => {
    const path = join(sshd.folder, 'marks')
    writeFileSync(path, MARKS)
    const [forging, other] = await Promise.all([
      machine.run(sh`cat ${path}; cat ${path} >&2; exit 7`),
      machine.run(sh`echo the other`),
    ])
    expect(forging).toMatchObject({ ending: 'exited', exitCode: 7, stdout: MARKS, stderr: MARKS })
    expect(other).toMatchObject({ ending: 'exited', exitCode: 0, stdout: 'the other\n' })
  })

  it('no command finds the nonce: not in its environment, its arguments, its descriptors or its parents’ ones', async () => {
    const { stdout } = await machine.run(
      sh`env; set; cat /proc/self/cmdline /proc/$PPID/cmdline /proc/$PPID/environ 2>/dev/null | tr '\\0' '\\n'; ls -l /proc/self/fd`,
    )
    expect(stdout).not.toContain('_kb')
    expect(stdout).not.toMatch(/\b[0-9a-f]{32}\b/)
  })

  it('a command that kills its shell is lost, never passed and never failed', async () => {
    const killing = await machine.run(sh`kill -9 $(ps -o ppid= -p $PPID)`, { timeoutSeconds: 10 })
    expect(killing).toMatchObject({ ending: 'lost', exitCode: null })
    expect(await machine.run(sh`echo after`)).toMatchObject({ ending: 'exited', stdout: 'after\n' })
  })

  it('a command that writes into its shell’s own streams cannot end itself', async () => {
    const writing = await machine.run(
      sh`printf '%s\\n' ${MARKS} >/proc/$PPID/fd/1; printf '%s\\n' ${MARKS} >/proc/$PPID/fd/2; exit 5`,
    )
    expect(writing).toMatchObject({ ending: 'exited', exitCode: 5 })
  })
})
