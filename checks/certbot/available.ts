import { certbotPrograms } from '../../src/facts/certbot.ts'
import { certbotContainer, certbotPlace, compose, siteKey } from '../../src/facts/site.ts'
import { lastingAction } from '../../src/model/action.ts'
import { check } from '../../src/model/check.ts'
import { remedy } from '../../src/model/remedy.ts'
import { sh } from '../../src/model/script.ts'
import { fail, pass } from '../../src/model/verdict.ts'
import { siteParams } from '../tls/parameters.ts'
import { installCertbot } from './installed.ts'

export const pullCertbot = remedy({
  id: 'certbot/pull-image',
  title: 'Fetch certbot’s image',
  why: 'The Compose file has a service for certbot, and its image is not on the server yet.',
  risk: 'None known: nothing runs from it until the order.',
  grade: 'reversible',
  params: siteParams,
  async plan({ params }) {
    return {
      actions: [lastingAction('Fetch it', sh`${compose(params)} pull ${params.certbotService} </dev/null`)],
      touches: [`the image of ${params.certbotService}`],
      undo: 'docker image rm of the same name',
      expectedSeconds: 30,
    }
  },
})

export const certbotAvailable = check({
  id: 'certbot/available',
  title: 'There is a certbot to order with',
  why: 'Either the Compose file has it as a service, or it is installed on the server.',
  params: siteParams,
  remedies: [installCertbot, pullCertbot],
  timeoutSeconds: 90,
  async probe({ params, read }) {
    const key = siteKey(params)
    const place = await read(certbotPlace, key)
    const expected = 'a Compose service or a program'
    if (place.kind === 'none')
      return fail(
        params.nginxRunsIn === 'compose'
          ? `${params.composeFile} has no service ${params.certbotService}, and certbot is not installed on the server either`
          : 'certbot is not installed',
        { measured: 'none', expected, remedies: [installCertbot] },
      )
    if (place.kind === 'image-missing')
      return fail(`certbot’s image ${place.image} is not on the server`, {
        measured: place.image,
        expected,
        remedies: [pullCertbot],
      })
    if (place.kind === 'host') {
      const [program] = await read(certbotPrograms)
      return pass(`certbot ${program?.version ?? ''} is installed on the server`, { expected })
    }
    const { version } = await read(certbotContainer, key)
    return pass(`certbot ${version} is the Compose service ${params.certbotService}`, {
      measured: place.image,
      expected,
    })
  },
})
