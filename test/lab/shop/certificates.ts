import { mkdir, mkdtemp, readFile, rename, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { withLock } from '../lock.ts'
import { cacheFolder } from '../places.ts'
import type { LabServer } from '../server.ts'
import { run } from '../shell.ts'

/** Certificates for shops that have one without asking an ACME server: with any dates, from a CA of the lab's own. */
export type Certificate = { certificate: string; chain: string; key: string }

const authority = join(cacheFolder, 'shop-ca')

/** The file to trust: for curl's --cacert, or NODE_EXTRA_CA_CERTS. Made once for a cache. */
export async function shopAuthority(): Promise<string> {
  const file = join(authority, 'ca.pem')
  await readFile(file).catch(() =>
    withLock('shop-ca', async () => {
      const partial = `${authority}.partial`
      await rm(partial, { recursive: true, force: true })
      await mkdir(partial, { recursive: true, mode: 0o700 })
      await run`openssl req -x509 -newkey rsa:2048 -nodes -days 3650 -subj ${'/CN=Kneeboard lab CA'} \
        -keyout ${join(partial, 'ca.key')} -out ${join(partial, 'ca.pem')}`
      await rm(authority, { recursive: true, force: true })
      await rename(partial, authority)
    }),
  )
  return file
}

export async function issueCertificate(names: string[], from: Date, to: Date): Promise<Certificate> {
  const chain = await readFile(await shopAuthority(), 'utf8')
  const folder = await mkdtemp(join(tmpdir(), 'lab-certificate-'))
  const file = (name: string) => join(folder, name)
  try {
    await writeFile(file('index.txt'), '')
    await writeFile(file('ca.cnf'), configuration(folder))
    await run`openssl req -new -newkey rsa:2048 -nodes -subj ${`/CN=${names[0]}`} \
      -addext ${`subjectAltName=${names.map(name => `DNS:${name}`).join(',')}`} \
      -keyout ${file('key')} -out ${file('request')}`
    await run`openssl ca -batch -notext -config ${file('ca.cnf')} -in ${file('request')} -out ${file('certificate')} \
      -startdate ${asn1Time(from)} -enddate ${asn1Time(to)}`
    const [certificate, key] = await Promise.all([
      readFile(file('certificate'), 'utf8'),
      readFile(file('key'), 'utf8'),
    ])
    return { certificate, chain, key }
  } finally {
    await rm(folder, { recursive: true, force: true })
  }
}

/** Puts a certificate where certbot would: a new generation in archive/, and the links in live/ turned to it. */
export async function installCertificate(
  server: LabServer,
  name: string,
  issued: Certificate,
): Promise<void> {
  await server.must(`set -eu
cd /opt/webshop/certbot_certs
mkdir -p live/${name} archive/${name}
n=1
while [ -e archive/${name}/cert$n.pem ]; do n=$((n + 1)); done
cd archive/${name}
printf %s '${issued.certificate}' > cert$n.pem
printf %s '${issued.chain}' > chain$n.pem
cat cert$n.pem chain$n.pem > fullchain$n.pem
(umask 077 && printf %s '${issued.key}' > privkey$n.pem)
for kind in cert chain fullchain privkey; do ln -sfn ../../archive/${name}/$kind$n.pem ../../live/${name}/$kind.pem; done`)
}

function configuration(folder: string): string {
  return `[ca]
default_ca = lab
[lab]
certificate = ${authority}/ca.pem
private_key = ${authority}/ca.key
database = ${folder}/index.txt
new_certs_dir = ${folder}
rand_serial = yes
default_md = sha256
policy = names
copy_extensions = copy
[names]
commonName = supplied
`
}

function asn1Time(date: Date): string {
  return `${date.toISOString().replace(/[-:T]/g, '').slice(0, 14)}Z`
}
