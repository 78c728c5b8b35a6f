import { z } from 'zod'
import { operatingSystem } from '../../src/facts/operating-system.ts'
import { check } from '../../src/model/check.ts'
import { fail, pass, warn } from '../../src/model/verdict.ts'

/** Releases that Kneeboard is proven on or whose procedures are the same; all have security support. */
const SUPPORTED: Readonly<Record<string, readonly string[]>> = {
  debian: ['12', '13'],
  ubuntu: ['22.04', '24.04'],
}
const EXPECTED = 'Debian 12 or 13, Ubuntu 22.04 or 24.04'

export const osSupported = check({
  id: 'system/os-supported',
  title: 'The operating system is one that this procedure is made for',
  why: 'Package names, unit names and sshd’s way of reading its settings differ between releases. On another system a remedy may do something else than it says.',
  params: z.object({}),
  async probe({ read }) {
    const system = await read(operatingSystem)
    const details = { measured: `${system.name}, ${system.architecture}`, expected: EXPECTED }
    if (system.kernelName !== 'Linux')
      return fail(`this is ${system.kernelName}, not Linux`, { ...details, advice: REBUILD })
    if (!system.hasApt)
      return fail(`${system.name} has no apt, and every remedy here installs with apt`, {
        ...details,
        advice: REBUILD,
      })
    if (!system.hasSystemd)
      return fail(`${system.name} was not started by systemd, which looks after every service here`, {
        ...details,
        advice: REBUILD,
      })
    if (SUPPORTED[system.id]?.includes(system.version)) return pass(system.name, details)
    return warn(`${system.name} has apt and systemd, but nobody has proven this procedure on it`, {
      ...details,
      advice:
        'Read each remedy before you agree to it, or provision the server anew with a supported release.',
    })
  },
})

const REBUILD = `Provision the server anew with ${EXPECTED}.`
