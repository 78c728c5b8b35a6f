import { compose, nginxState, siteKey } from '../../src/facts/site.ts'
import { textFile } from '../../src/facts/text-file.ts'
import { runAction, writeFile } from '../../src/model/action.ts'
import { Unreadable } from '../../src/model/command.ts'
import { remedy } from '../../src/model/remedy.ts'
import { sh } from '../../src/model/script.ts'
import { siteParams } from '../tls/parameters.ts'

/** `"0.0.0.0:80:80"`, which Compose publishes on IPv4 alone; without the address it is both families. */
const IPV4_ONLY = /(["'\s[,])0\.0\.0\.0:(80:|443:)/g

export const publishOnIpv6 = remedy({
  id: 'web/publish-on-ipv6',
  title: 'Publish ports 80 and 443 on IPv6, too',
  why: 'The Compose file binds them to IPv4 addresses. Without an address they are published on both families.',
  risk: 'nginx’s container is made anew: visitors see errors for a few seconds.',
  grade: 'disruptive',
  params: siteParams,
  async plan({ params, read }) {
    if (params.nginxRunsIn === 'host')
      throw new Unreadable('nginx runs on the host: add “listen [::]:80;” beside “listen 80;” and reload it')
    await read(nginxState, siteKey(params))
    const before = await read(textFile, params.composeFile)
    const after = before?.replace(IPV4_ONLY, '$1$2')
    if (before === null || after === undefined || after === before)
      throw new Unreadable(
        `${params.composeFile} binds no port to 0.0.0.0: look at userland-proxy and ip6tables in /etc/docker/daemon.json`,
      )
    return {
      actions: [
        writeFile(params.composeFile, after, { validate: sh`docker compose -f "$candidate" config --quiet` }),
        runAction(
          'Make nginx’s container anew',
          sh`${compose(params)} up -d --no-deps ${params.nginxService} </dev/null`,
          { timeoutSeconds: 120 },
        ),
      ],
      touches: [params.composeFile, `the container of ${params.nginxService}`],
      interrupts: 'The site, for about 3 seconds',
      undo: `put ${params.composeFile} back from /var/backups/kneeboard, then docker compose up -d --no-deps ${params.nginxService}`,
      expectedSeconds: 10,
    }
  },
})
