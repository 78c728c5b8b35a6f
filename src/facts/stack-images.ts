/** Which image each service of the Compose file asks for: also under another release than the one in `.env`. */

import { outputOf } from '../model/command.ts'
import { fact } from '../model/fact.ts'
import { type Script, sh } from '../model/script.ts'
import { composeCommand } from './stack.ts'

/**
 * Prints `SERVICE IMAGE`, a line each. `config --images SERVICE` names those of its dependencies as well, in no order,
 * so the whole file is read. A variable of the environment goes before one in `.env`.
 */
export const serviceImages = (composeFile: string): Script => sh`
  ${composeCommand(composeFile)} --profile '*' config --format json </dev/null | awk '
    /^  "services": [{]$/ { services = 1; next }
    /^  [}"]/ { services = 0 }
    services && /^    "[^"]*": [{]$/ { service = $1; gsub(/[":]/, "", service) }
    services && /^      "image": "/ { image = $2; gsub(/[",]/, "", image); print service, image }
  '
`

/** By service, with a variable set to a value: what a deployment of that release would start. */
export const imagesUnder = fact(
  'stack/images-under',
  async (
    context,
    composeFile: string,
    variable: string,
    value: string,
  ): Promise<ReadonlyMap<string, string>> => {
    const result = await context.run(
      sh`
        export ${variable}=${value}
        ${serviceImages(composeFile)}
      `,
      { as: 'root' },
    )
    const lines = outputOf(result, `the images of ${value}`).trim().split('\n')
    return new Map(
      lines
        .map(line => line.split(' '))
        .flatMap(([service, image]) =>
          service === undefined || image === undefined ? [] : [[service, image] as const],
        ),
    )
  },
)
