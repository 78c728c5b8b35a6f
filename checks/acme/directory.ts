import { z } from 'zod'
import { acmeDirectory as readDirectory } from '../../src/facts/acme-directory.ts'
import { check } from '../../src/model/check.ts'
import { fail, pass } from '../../src/model/verdict.ts'
import { acmeDirectory, caBundle } from '../tls/parameters.ts'

export const directoryAnswers = check({
  id: 'acme/directory',
  title: 'The server reaches the CA and trusts it',
  why: 'Certbot talks to this address from the server. Without trust in its certificate nothing is sent.',
  params: z.object({ acmeDirectory, caBundle }),
  async probe({ params, read }) {
    const directory = await read(readDirectory, params.acmeDirectory, params.caBundle)
    if (directory.externalAccountRequired)
      return fail('the CA wants an account that was made on its site first (external account binding)', {
        advice: 'Register once by hand: certbot register --server … --eab-kid … --eab-hmac-key …',
      })
    const profiles = directory.profiles.length > 0 ? `, profiles ${directory.profiles.join(', ')}` : ''
    return pass(`${new URL(params.acmeDirectory).host} answers and is trusted${profiles}`)
  },
})
