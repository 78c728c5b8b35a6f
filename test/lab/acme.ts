import { mkdir, readFile, rm, stat, writeFile } from 'node:fs/promises'
import { request } from 'node:https'
import { join } from 'node:path'
import { docker, LABEL, tryDocker } from './docker.ts'
import { buildServerImage } from './image.ts'
import { withLock } from './lock.ts'
import { cacheFolder } from './places.ts'
import type { Lab } from './session.ts'
import { run, waitFor } from './shell.ts'

/**
 * A certificate authority that validates for real: Debian's `pebble`, asking the lab's resolver and connecting to
 * port 80 of whatever address that names. It prefers IPv6 and never falls back; a CA that does retries over IPv4.
 *
 * Nothing is remembered between orders (PEBBLE_AUTHZREUSE=0), so that each is validated again, and no time is lost
 * on the random delays and refused nonces with which pebble otherwise tries its clients.
 */
export type AcmeServer = {
  /** https://acme.lab:14000/dir, for servers of the lab. */
  directory: string
  /** The same by address, for this machine, which does not ask the lab's DNS. */
  directoryByAddress: string
  /** What has to be trusted to talk to it (certbot: REQUESTS_CA_BUNDLE; Node: NODE_EXTRA_CA_CERTS). */
  caFile: string
  ipv4: string
  ipv6: string
  /** The root that issues, as PEM: another at every start. */
  issuingRoot(): Promise<string>
  /** How many orders have been sent to it. */
  orders(): Promise<number>
  log(): Promise<string>
  stop(): Promise<void>
}

export type AcmeOptions = {
  /** Seconds for which its certificates hold; 90 days unless said otherwise. */ validity?: number
}

const NUMBER = 5
const HOST = 'acme.lab'

export async function startAcme(
  lab: Lab,
  { validity = 90 * 24 * 3600 }: AcmeOptions = {},
): Promise<AcmeServer> {
  const address = lab.network.address(NUMBER)
  const container = `${lab.network.name}-acme`
  const folder = join(lab.folder, 'acme')
  await mkdir(folder, { recursive: true, mode: 0o700 })
  const caFile = join(folder, 'ca.pem')
  await run`openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 30 -subj /CN=${HOST} \
    -addext ${`subjectAltName=DNS:${HOST},IP:${address.ipv4},IP:${address.ipv6}`} \
    -keyout ${join(folder, 'key.pem')} -out ${caFile}`
  await writeFile(join(folder, 'pebble.json'), JSON.stringify({ pebble: configuration(validity) }))

  const environment = ['PEBBLE_AUTHZREUSE=0', 'PEBBLE_VA_NOSLEEP=1', 'PEBBLE_WFE_NONCEREJECT=0']
  await docker(
    ...[
      'run',
      '--detach',
      '--name',
      container,
      '--label',
      `${LABEL}=1`,
      '--label',
      `${LABEL}.run=${lab.runId}`,
    ],
    ...['--network', lab.network.name, '--ip', address.ipv4, '--ip6', address.ipv6, '--init'],
    ...['--volume', `${await pebbleBinary()}:/pebble:ro`, '--volume', `${folder}:/acme:ro`],
    ...environment.flatMap(setting => ['--env', setting]),
    await buildServerImage('bookworm', 'bare'),
    ...['/pebble', '-config', '/acme/pebble.json', '-dnsserver', `${lab.network.gateway.ipv4}:53`],
  )
  await lab.dns.host(HOST, { A: [address.ipv4], AAAA: [address.ipv6] })

  const ca = await readFile(caFile, 'utf8')
  const directoryByAddress = `https://${address.ipv4}:14000/dir`
  await waitFor('pebble', () => fetchTrusting(directoryByAddress, ca).catch(() => undefined), { every: 50 })
  const log = async () => {
    const { stdout, stderr } = await tryDocker(['logs', container])
    return stdout + stderr
  }
  return {
    directory: `https://${HOST}:14000/dir`,
    directoryByAddress,
    caFile,
    ...address,
    issuingRoot: () => fetchTrusting(`https://${address.ipv4}:15000/roots/0`, ca),
    orders: async () => (await log()).split('\n').filter(line => line.includes('POST /order-plz')).length,
    log,
    stop: async () => {
      await docker('rm', '--force', container)
    },
  }
}

function configuration(validity: number) {
  return {
    listenAddress: '[::]:14000',
    managementListenAddress: '[::]:15000',
    certificate: '/acme/ca.pem',
    privateKey: '/acme/key.pem',
    httpPort: 80,
    tlsPort: 443,
    ocspResponderURL: '',
    externalAccountBindingRequired: false,
    certificateValidityPeriod: validity,
  }
}

/** Only the program is taken out of the package: this machine does not get an ACME server installed. */
async function pebbleBinary(): Promise<string> {
  const folder = join(cacheFolder, 'pebble')
  const binary = join(folder, 'usr/bin/pebble')
  const isThere = () => stat(binary).catch(() => undefined)
  if (await isThere()) return binary
  return withLock('pebble', async () => {
    if (await isThere()) return binary
    await rm(folder, { recursive: true, force: true })
    await mkdir(folder, { recursive: true })
    const download = () => run({ cwd: folder })`apt-get -o APT::Sandbox::User=root download pebble`
    await download().catch(async () => {
      await run`apt-get update`
      await download()
    })
    await run({ cwd: folder })`dpkg-deb --extract pebble_*.deb . && rm pebble_*.deb`
    return binary
  })
}

function fetchTrusting(url: string, ca: string): Promise<string> {
  return new Promise((resolve, reject) => {
    const asking = request(url, { ca, timeout: 5000 }, response => {
      let body = ''
      response.setEncoding('utf8').on('data', chunk => {
        body += chunk
      })
      response.on('end', () => resolve(body))
    })
    asking.on('error', reject).end()
  })
}
