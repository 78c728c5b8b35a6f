import { compose } from '../../src/facts/site.ts'
import { textFile } from '../../src/facts/text-file.ts'
import { runAction, writeFile } from '../../src/model/action.ts'
import { Unreadable } from '../../src/model/command.ts'
import { remedy } from '../../src/model/remedy.ts'
import { sh } from '../../src/model/script.ts'
import { siteParams } from '../tls/parameters.ts'

export const makeWritable = remedy({
  id: 'challenge/make-webroot-writable',
  title: 'Mount the webroot read-write, and make the services that have it anew',
  why: 'Certbot writes the CA’s answer there. The mark “:ro” in the Compose file forbids it.',
  risk: 'nginx’s container is made anew: visitors see errors for a few seconds.',
  grade: 'disruptive',
  params: siteParams,
  async plan({ params, read }) {
    const before = await read(textFile, params.composeFile)
    if (before === null) throw new Unreadable(`${params.composeFile} does not exist`)
    const after = withoutReadOnly(before, params.webroot)
    if (after === before)
      throw new Unreadable(
        `${params.composeFile} has no short mount of ${params.webroot} with “:ro”: take read_only off by hand`,
      )
    return {
      actions: [
        writeFile(params.composeFile, after, { validate: sh`grep -q services: "$candidate"` }),
        runAction(
          `Make the container of ${params.nginxService} anew`,
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

/** Takes `:ro` off every short mount of the webroot (`volume:/var/www/certbot:ro`), and nothing else. */
export function withoutReadOnly(text: string, webroot: string): string {
  const literal = webroot.replace(/[.*+?^${}()|[\]\\]/g, '\\$&')
  return text.replace(new RegExp(`(-\\s*["']?[^\\s:"']+:${literal}):ro(?=["']?\\s*(#|$))`, 'gm'), '$1')
}
