/** certbot(1): orders from the world's CA, which asks for its challenge as a real one does. */

import { randomBytes } from 'node:crypto'
import type { Call } from '../../system/call.ts'
import { ROOT } from '../../system/file-system.ts'
import { SystemError } from '../../system/system-error.ts'
import { listenerAt } from '../../world/shop/http.ts'
import { authorityOf } from '../../world/shop/lay-shop.ts'
import { issue } from '../../world/x509.ts'

const DAY = 86_400_000
const LIVE = '/etc/letsencrypt'

export async function certbot(call: Call): Promise<number> {
  const options = call.options('dwm', [
    'domain',
    'domains',
    'webroot-path',
    'cert-name',
    'server',
    'email',
    'deploy-hook',
    'key-type',
    'config-dir',
    'account',
  ])
  const [verb = 'certificates'] = options.operands
  if (options.has('version')) {
    call.line('certbot 4.0.0')
    return 0
  }
  const dry = options.has('dry-run', 'staging', 'test-cert')
  const webroot = options.value('w', 'webroot-path') ?? '/var/www/certbot'
  const names = options.values('d', 'domain', 'domains').flatMap(text => text.split(','))
  switch (verb) {
    case 'certonly':
    case 'certificate':
      return order(call, names, options.value('cert-name') ?? names[0] ?? '', webroot, dry)
    case 'renew': {
      const only = options.value('cert-name')
      for (const name of lineages(call)) {
        if (only !== undefined && only !== name) continue
        const status = await order(call, namesOf(call, name), name, webroot, dry)
        if (status !== 0) return status
      }
      return 0
    }
    case 'delete': {
      const name = options.value('cert-name') ?? ''
      for (const path of [`live/${name}`, `archive/${name}`, `renewal/${name}.conf`])
        call.process.files.drop(`${LIVE}/${path}`)
      return 0
    }
    case 'certificates':
      for (const name of lineages(call)) call.line(`  Certificate Name: ${name}`)
      return 0
    case 'register':
    case 'show_account':
      return 0
  }
  call.machine.lacked(`certbot ${verb}`)
  return 1
}

function lineages(call: Call): string[] {
  const folder = call.process.files.maybe(`${LIVE}/renewal`)
  return folder?.kind === 'directory'
    ? [...folder.entries.keys()].filter(name => name.endsWith('.conf')).map(name => name.slice(0, -5))
    : []
}

function namesOf(call: Call, lineage: string): string[] {
  return call.world.certificates.names(call.process.files.text(`${LIVE}/live/${lineage}/cert.pem`))
}

/** One order: each name is asked for its token first. Nothing is written when one of them fails. */
async function order(
  call: Call,
  names: readonly string[],
  lineage: string,
  webroot: string,
  dry: boolean,
): Promise<number> {
  for (const name of names) {
    const problem = validate(call, name, webroot)
    if (problem === undefined) continue
    call.err(
      `Certbot failed to authenticate some domains (authenticator: webroot). The Certificate Authority reported these problems:\n  Domain: ${name}\n  Type:   ${problem.type}\n  Detail: ${problem.detail}\n`,
    )
    return 1
  }
  if (dry) {
    call.line('The dry run was successful.')
    return 0
  }
  save(call, names, lineage)
  call.line(
    `Successfully received certificate.\nCertificate is saved at: ${LIVE}/live/${lineage}/fullchain.pem`,
  )
  return 0
}

function validate(
  call: Call,
  name: string,
  webroot: string,
): { readonly type: string; readonly detail: string } | undefined {
  const { world, process } = call
  const token = randomBytes(16).toString('hex')
  const path = `/.well-known/acme-challenge/${token}`
  try {
    process.files.write(webroot + path, token)
  } catch (error) {
    if (!(error instanceof SystemError)) throw error
    return { type: 'unauthorized', detail: `${webroot} cannot be written: ${error.message}` }
  }
  try {
    // A CA prefers IPv6, and does not fall back when what is there answers.
    const [address] = [...world.names.lookUp(name, 'AAAA'), ...world.names.lookUp(name, 'A')]
    if (address === undefined)
      return { type: 'dns', detail: `DNS problem: NXDOMAIN looking up A for ${name}` }
    const listener = listenerAt(world, { container: undefined }, address, 80)
    if (typeof listener === 'string')
      return { type: 'connection', detail: `${address}: Fetching http://${name}${path}: Connection refused` }
    const answer = listener({
      method: 'GET',
      host: name,
      path,
      secure: false,
      headers: new Map(),
      client: '203.0.113.200',
    })
    if (answer === 'silent') return { type: 'connection', detail: `${address}: Timeout during connect` }
    if (answer.status === 200 && answer.body.trim() === token) return undefined
    return {
      type: 'unauthorized',
      detail: `${address}: Invalid response from http://${name}${path}: ${answer.status}`,
    }
  } finally {
    process.files.drop(webroot + path)
  }
}

function save(call: Call, names: readonly string[], lineage: string): void {
  const { files } = call.process
  const now = call.machine.now()
  const authority = authorityOf(call.world)
  const { certificate, privateKey } = issue(authority, { names, from: now - 3_600_000, to: now + 90 * DAY })
  const archive = files.folder(`${LIVE}/archive/${lineage}`)
  let number = 1
  while (archive.entries.has(`cert${number}.pem`)) number++
  const parts: Readonly<Record<string, string>> = {
    cert: certificate,
    chain: authority.certificate,
    fullchain: certificate + authority.certificate,
    privkey: privateKey,
  }
  files.folder(`${LIVE}/live/${lineage}`)
  for (const [name, text] of Object.entries(parts)) {
    files.write(`${LIVE}/archive/${lineage}/${name}${number}.pem`, text, name === 'privkey' ? 0o600 : 0o644)
    const link = files.find(`${LIVE}/live/${lineage}/${name}.pem`, ROOT, '/', false)
    if (link.node) files.remove(link, ROOT)
    files.link(`${LIVE}/live/${lineage}/${name}.pem`, `../../archive/${lineage}/${name}${number}.pem`)
  }
  if (!files.exists(`${LIVE}/renewal/${lineage}.conf`))
    files.write(
      `${LIVE}/renewal/${lineage}.conf`,
      `version = 4.0.0\n\n[renewalparams]\naccount = 0123456789abcdef\nauthenticator = webroot\nserver = https://acme-v02.api.letsencrypt.org/directory\n`,
    )
}
