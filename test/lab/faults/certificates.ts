import { installCertificate, issueCertificate } from '../shop/certificates.ts'
import { findShop } from '../shop/site.ts'
import { type Fault, runInShop, shopFault } from './fault.ts'

/** Certificates with the wrong dates, and the right one that nobody serves. They need a shop with HTTPS. */
const DAY = 24 * 60 * 60 * 1000

const served = 'openssl s_client -connect 127.0.0.1:443 -servername "$domain" < /dev/null 2> /dev/null'
const fingerprint = 'openssl x509 -noout -fingerprint -sha256'
const servedDiffers = `[ "$(${served} | ${fingerprint})" != "$(${fingerprint} -in certbot_certs/live/$domain/cert.pem)" ]`

const remember =
  'mkdir -p $state && { [ -e $state/link ] || readlink certbot_certs/live/$domain/cert.pem > $state/link; }'
const turnBack = `
n=$(sed 's/.*cert\\([0-9]*\\).pem$/\\1/' $state/link)
for kind in cert chain fullchain privkey; do
  ln -sfn ../../archive/$domain/$kind$n.pem certbot_certs/live/$domain/$kind.pem
done
rm $state/link`

type Dates = {
  name: string
  describe: string
  fromDay: number
  toDay: number
  reload: boolean
  visible: string
}

function certificateFault({ name, describe, fromDay, toDay, reload, visible }: Dates): Fault {
  const reloadNginx = 'compose exec -T nginx nginx -s reload'
  return shopFault({
    name,
    describe,
    inject: async server => {
      const { domain, environment } = await findShop(server)
      const names = environment === 'production' ? [domain, `www.${domain}`] : [domain]
      const day = (number: number) => new Date(Date.now() + number * DAY)
      await runInShop(server, name, remember)
      await installCertificate(server, domain, await issueCertificate(names, day(fromDay), day(toDay)))
      await runInShop(server, name, `chown -hR deploy:deploy certbot_certs\n${reload ? reloadNginx : ''}`)
    },
    visible,
    undo: `${turnBack}\n${reloadNginx}`,
  })
}

export const certificateExpired = certificateFault({
  name: 'certificate-expired',
  describe:
    'Browsers warn: the certificate that is served ran out two days ago. Renewal has not worked for weeks.',
  fromDay: -92,
  toDay: -2,
  reload: true,
  visible: `! ${served} | openssl x509 -noout -checkend 0 > /dev/null`,
})

export const certificateNearItsEnd = certificateFault({
  name: 'certificate-near-its-end',
  describe:
    'Nothing is wrong yet, but the certificate has 8 of its 90 days left: renewal should have come 3 weeks ago.',
  fromDay: -82,
  toDay: 8,
  reload: true,
  visible: `! ${served} | openssl x509 -noout -checkend $((10 * 86400)) > /dev/null`,
})

export const certificateOnDiskNewerThanServed = certificateFault({
  name: 'certificate-on-disk-newer-than-served',
  describe:
    'The certificate was renewed and the site will run into the old one’s end: nginx has never been reloaded since.',
  fromDay: 0,
  toDay: 90,
  reload: false,
  visible: servedDiffers,
})
