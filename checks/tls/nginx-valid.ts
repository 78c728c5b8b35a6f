import { nginxConfiguration } from '../../src/facts/nginx-configuration.ts'
import { siteKey } from '../../src/facts/site.ts'
import { check } from '../../src/model/check.ts'
import { fail, pass } from '../../src/model/verdict.ts'
import { siteParams } from './parameters.ts'

export const nginxValid = check({
  id: 'tls/nginx-configuration-valid',
  title: 'The configuration on disk is one that nginx takes',
  why: 'nginx goes on with the old one until somebody restarts it; a reload for a new certificate is then refused without a sound.',
  params: siteParams,
  async probe({ params, read }) {
    const { valid, error, files } = await read(nginxConfiguration, siteKey(params))
    if (valid) return pass(`nginx -t accepts the ${files.length} files`)
    return fail(`nginx refuses its own configuration: ${error}`, {
      telling: error,
      expected: 'nginx -t: test is successful',
      advice: 'Mend the line that it names; the running nginx is not touched by it until then',
    })
  },
})
