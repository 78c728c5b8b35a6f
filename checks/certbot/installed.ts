/** Certbot is there, once. */

import { z } from 'zod'
import { certbotPrograms } from '../../src/facts/certbot.ts'
import { check } from '../../src/model/check.ts'
import { remedy } from '../../src/model/remedy.ts'
import { fail, pass, warn } from '../../src/model/verdict.ts'
import { aptInstall } from '../packages/install.ts'

export const installCertbot = remedy({
  id: 'certbot/install',
  title: 'Install certbot from the distribution',
  why: 'It gets certificates and renews them. The distribution’s package brings a timer that renews twice a day.',
  risk: 'None known: without certificates its timer does nothing.',
  grade: 'reversible',
  params: z.object({}),
  async plan({ policy }) {
    return {
      actions: aptInstall('Install certbot', ['certbot'], policy),
      touches: ['the package certbot', 'certbot.timer'],
      undo: 'apt-get remove certbot (never purge it: that can take /etc/letsencrypt with it)',
      expectedSeconds: 30,
    }
  },
})

export const certbotInstalled = check({
  id: 'certbot/installed',
  title: 'Certbot is installed, once',
  why: 'It gets the certificates that the shop is served with. Two of them, one from a snap and one from a package, renew the same certificates against each other’s settings.',
  params: z.object({}),
  remedies: [installCertbot],
  async probe({ read }) {
    const programs = await read(certbotPrograms)
    const expected = 'one certbot'
    const [first, ...others] = programs
    if (first === undefined) {
      return fail('certbot is not installed', {
        measured: 'not installed',
        expected,
        remedies: [installCertbot],
      })
    }
    const described = programs.map(({ path, origin, version }) => `${version} ${origin} (${path})`).join(', ')
    const details = { measured: described, expected }
    if (others.length > 0) {
      return fail(`there are ${programs.length} certbots`, {
        ...details,
        advice:
          'Decide for one. Both keep their certificates in /etc/letsencrypt, so nothing is lost by removing the other: snap remove certbot, or apt-get remove certbot',
      })
    }
    if (first.version === '') {
      return warn(`${first.path} does not say its version, so that it may not run at all`, {
        ...details,
        advice: `Run ${first.path} --version on the server and see what it says`,
      })
    }
    return pass(`certbot ${first.version} is installed (${originOf(first.origin)})`, details)
  },
})

const originOf = (origin: string) => (origin === 'distribution' ? 'from the distribution' : origin)
