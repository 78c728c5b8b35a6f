import { installCertificate } from '../world/shop/lay-shop.ts'
import { briefOf } from './names.ts'
import type { Scenario } from './scenario.ts'

const DAY = 86_400_000

export const expiredCertificate: Scenario = {
  ...briefOf('expired-certificate'),
  base: 'shop',
  runbook: 'troubleshooting',
  inject: async world => {
    const now = world.machine.now()
    installCertificate(world, now - 91 * DAY, now - DAY, 2)
    await world.shell('docker exec webshop-nginx-1 nginx -s reload')
  },
  cause: 'tls/certificate-lifetime',
  hints: [
    'What does the certificate itself say?',
    'Certbot renews in the last third of a certificate’s life: it has had a month for that.',
    'Nothing has started Certbot in all that time. Renew now, and then set a timer up for it.',
  ],
  debrief: [
    'Certbot ran in a container that nothing started: no timer was ever set up for it.',
    'The certificate reached its end, and every browser refuses it.',
  ],
  mends: ['renewal/renew-now'],
  fastest: [
    'Walk the troubleshooting runbook: the certificate’s own dates are read, not what Certbot believes.',
    'Agree to “Renew the certificate that is due, and have nginx load it”.',
    'On a real server walk ssl-renewal next, so that a timer does it from then on.',
  ],
  healthy: world => world.certificateEnds() > world.machine.now(),
}
