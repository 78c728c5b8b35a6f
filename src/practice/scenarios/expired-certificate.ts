import { installCertificate } from '../world/shop/lay-shop.ts'
import type { Scenario } from './scenario.ts'

const DAY = 86_400_000

export const expiredCertificate: Scenario = {
  name: 'expired-certificate',
  title: 'The expired certificate',
  briefing: 'Browsers warn about the shop since this morning. The server runs as ever.',
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
  ],
  debrief: [
    'Certbot ran in a container that nothing started: no timer was ever set up for it.',
    'The certificate reached its end, and every browser refuses it.',
  ],
  healthy: world => world.certificateEnds() > world.machine.now(),
}
