import { z } from 'zod'
import { sshPorts } from '../../src/facts/ssh-ports.ts'
import { sshdEffective } from '../../src/facts/sshd-effective.ts'
import { sshdService } from '../../src/facts/sshd-service.ts'
import { digestOf, SSHD_CONFIG, sshdSources } from '../../src/facts/sshd-sources.ts'
import { placeOf } from '../../src/facts/sshd-syntax.ts'
import { type Action, runAction, writeFile } from '../../src/model/action.ts'
import { remedy } from '../../src/model/remedy.ts'
import { deployUser, rootLogin } from '../parameters.ts'
import { composeDropIn, DROP_IN, withInclude } from './drop-in.ts'
import { copyFolder, keepCopy, putBack, reload, validateDropIn, validateMain } from './harden-scripts.ts'
import { returnPath } from './return-path.ts'

export const harden = remedy({
  id: 'ssh/harden',
  title: 'Let people in by key only',
  why: 'One small file that sshd reads before all others turns off passwords, the keyboard-interactive way around that, and password login for root. What your distribution and your provider wrote stays as it is.',
  risk: 'Whoever logs in with a password today is shut out, so a key login is proven before and after. sshd itself must accept the file before it is put in place; if no fresh login works afterwards, the server puts its old configuration back by itself.',
  grade: 'disruptive',
  params: z.object({ deployUser, rootLogin }),
  async plan(context) {
    const { params, policy, read } = context
    const sources = await read(sshdSources)
    const service = await read(sshdService)
    const dropIn = composeDropIn(sources, await read(sshdEffective), params.rootLogin)
    const path = await returnPath(context, params)
    const folder = copyFolder(digestOf(sources))
    const actions: Action[] = [
      runAction('Keep a copy of the configuration as it is', keepCopy(sources, folder)),
      writeFile(DROP_IN, dropIn.text, {
        title: `Write ${DROP_IN}, once sshd accepts it`,
        validate: validateDropIn(dropIn),
      }),
    ]
    if (dropIn.needsInclude) {
      actions.push(
        writeFile(SSHD_CONFIG, withInclude(sources.main.text), {
          title: `Name it first in ${SSHD_CONFIG}: no Include there comes early enough`,
          mode: sources.main.mode,
          owner: sources.main.owner,
          validate: validateMain,
        }),
      )
    }
    actions.push(runAction('Let sshd read its files again; open sessions stay', reload(service)))
    actions.push(answering(await read(sshPorts)))
    return {
      actions,
      touches: [
        DROP_IN,
        ...(dropIn.needsInclude ? [SSHD_CONFIG] : []),
        service.unit,
        ...dropIn.overridden.map(other => `${placeOf(other)}: overridden`),
      ],
      interrupts: 'Logins with a password, from now on; open sessions and logins with a key go on',
      undo: `sudo rm ${DROP_IN}${dropIn.needsInclude ? `, take its Include out of ${SSHD_CONFIG}` : ''} and sudo systemctl reload ${service.unit}; the files as they were are kept in ${folder}`,
      expectedSeconds: 5,
      guard: {
        revert: putBack(sources, service, folder),
        afterSeconds: policy.sshRevertSeconds,
        ...(path.isOperator ? {} : { provenBy: path.user }),
      },
    }
  },
})

/** A reloading sshd closes its port for a moment: the proof must not knock in that moment. */
function answering(ports: readonly { port: number }[]): Action {
  const waits = ports.map(({ port }) => `ss -Hltn "sport = :${port}" | grep -q .`)
  return {
    type: 'wait',
    title: `Wait until port ${ports.map(({ port }) => port).join(', ')} is open again`,
    script: waits.join(' && '),
    as: 'root',
    everySeconds: 0.2,
    timeoutSeconds: 15,
  }
}
