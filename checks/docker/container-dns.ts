/** A name resolves inside a container: proven by one that is gone afterwards. */

import { z } from 'zod'
import {
  containerResolution,
  nameOnServer,
  packageSourceNames,
  upstreamNameServers,
} from '../../src/facts/container-dns.ts'
import { check, type ProbeContext, type ReadContext } from '../../src/model/check.ts'
import { Unreadable } from '../../src/model/command.ts'
import { remedy } from '../../src/model/remedy.ts'
import { HostName } from '../../src/model/target.ts'
import { fail, pass, unknown } from '../../src/model/verdict.ts'
import { dnsServers } from '../parameters.ts'
import { planDaemonChange } from './daemon-change.ts'
import { restartEngine } from './daemon-configuration.ts'
import { buildProbeImage } from './probe-image.ts'

const probeName = z
  .union([z.literal(''), HostName])
  .default('')
  .describe('A name to look up inside a container; empty: the first one that the package sources name')

const Params = z.object({ dnsServers, probeName })
type Params = z.infer<typeof Params>

/** `''` asks with the daemon's own settings. */
const OWN_SETTINGS = ''

async function nameToLookUp({ read }: ReadContext, params: Params): Promise<string> {
  if (params.probeName !== '') return params.probeName
  const [name] = await read(packageSourceNames)
  if (name === undefined) {
    throw new Unreadable('the package sources name no host to look up: give one as probeName')
  }
  return name
}

/** The name servers that answer from inside a container, of those that were asked for or that the server uses. */
async function serversThatAnswer({ read }: ReadContext, params: Params, name: string): Promise<string[]> {
  const candidates = params.dnsServers.length > 0 ? params.dnsServers : await read(upstreamNameServers)
  const answers = await Promise.all(
    candidates.map(async server => (await read(containerResolution, name, server)).outcome === 'resolved'),
  )
  return candidates.filter((_, index) => answers[index])
}

export const setContainerNameServers = remedy({
  id: 'docker/set-container-name-servers',
  title: 'Give containers name servers that answer',
  why: 'Docker copies the server’s name servers into containers, and some of them cannot be reached from there: a local stub, or a provider’s that answers the server alone.',
  risk: 'Docker restarts. The name servers are fixed in daemon.json from then on, also when the server’s own change. Containers that are running get them when they are created anew.',
  grade: 'reversible',
  params: Params,
  async plan(context) {
    const name = await nameToLookUp(context, context.params)
    const servers = await serversThatAnswer(context, context.params, name)
    if (servers.length === 0) throw new Unreadable('no name server answers from inside a container')
    // A list that the operator gave is kept whole: docker/daemon-configuration holds the file against it.
    const { dnsServers: given } = context.params
    return planDaemonChange(context, { dns: given.length > 0 ? given : servers })
  },
})

export const containerDns = check({
  id: 'docker/container-dns',
  title: 'Names resolve inside containers',
  why: 'Images build and the shop pays through names. On some providers containers cannot reach the server’s own name servers, and every build and every webhook fails with “temporary failure in name resolution”.',
  params: Params,
  after: ['docker/engine-running'],
  remedies: [buildProbeImage, setContainerNameServers, restartEngine],
  timeoutSeconds: 240,
  async probe(context) {
    const { read, params } = context
    const name = await nameToLookUp(context, params)
    const resolution = await read(containerResolution, name, OWN_SETTINGS)
    const expected = 'an address'
    if (resolution.outcome === 'no-image') {
      return unknown('there is no local image to look a name up with, and none is pulled for it', {
        expected,
        remedies: [buildProbeImage],
      })
    }
    if (resolution.outcome === 'resolved') {
      return pass(`${name} resolves inside a container`, {
        measured: resolution.addresses.join(', '),
        expected,
      })
    }
    return explainFailure(context, name, expected)
  },
})

/** Before anything is proposed, it is tried: a remedy that would not help is not offered. */
async function explainFailure(context: ProbeContext<Params>, name: string, expected: string) {
  const server = await context.read(nameOnServer, name)
  if (server.inHostsFile) {
    return unknown(
      `${name} stands in the server’s /etc/hosts, which containers do not see: give another as probeName`,
    )
  }
  if (!server.resolves) {
    return unknown(
      `${name} does not resolve on the server either, so that this says nothing about containers`,
    )
  }
  const measured = 'not found'
  const working = await serversThatAnswer(context, context.params, name)
  if (working.length > 0) {
    return fail(`${name} resolves on the server, but not inside a container`, {
      measured,
      expected,
      remedies: [setContainerNameServers],
      advice: `Asked directly, ${working.join(', ')} ${working.length === 1 ? 'answers' : 'answer'} from inside a container`,
    })
  }
  return fail(`${name} resolves on the server, but no name server answers from inside a container`, {
    measured,
    expected,
    remedies: [restartEngine],
    advice:
      'Containers seem to be cut off from the network: a firewall that was restarted after Docker flushes its rules, which a restart of Docker makes anew',
  })
}
