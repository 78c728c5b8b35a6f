import type { LabServer } from '../server.ts'
import type { Lab } from '../session.ts'
import { inShop, waitUntilHealthy } from '../shop/site.ts'
import { words } from './shell.ts'

/** One way in which a server can be broken for real. */
export type Fault = {
  name: string
  /** What an operator would notice, and what it comes from. */
  describe: string
  /** Returns when the fault can be seen. */
  inject(server: LabServer, lab?: Lab): Promise<void>
  /** Whether it can be seen now. */
  isVisible(server: LabServer): Promise<boolean>
  /** Puts right what was broken, and returns when it is. A fault without it needs a snapshot. */
  undo?(server: LabServer, lab?: Lab): Promise<void>
}

/** A fault of the shop as shell lines; they run as root in /opt/webshop and know the words of shell.ts. */
export type ShopFault = {
  name: string
  describe: string
  inject: string | ((server: LabServer) => Promise<void>)
  /** True while the fault is there: what an operator could see, not whether `inject` was run. */
  visible: string
  undo: string
}

export function shopFault({ name, describe, inject, visible, undo }: ShopFault): Fault {
  return {
    name,
    describe,
    inject: async server => {
      if (typeof inject === 'string') await runInShop(server, name, inject)
      else await inject(server)
      await waitForVisible(server, name, visible)
    },
    isVisible: server => holds(server, name, visible),
    undo: async server => {
      await runInShop(server, name, undo)
      await waitUntilHealthy(server)
      await waitForVisible(server, name, `! { ${visible}; }`)
    },
  }
}

export function runInShop(server: LabServer, fault: string, script: string): Promise<string> {
  return inShop(server, `fault=${fault}\n${words}\n${script}`)
}

async function holds(server: LabServer, fault: string, condition: string): Promise<boolean> {
  const answer = await runInShop(server, fault, `if ${condition}; then echo yes; else echo no; fi`)
  return answer.trim().endsWith('yes')
}

async function waitForVisible(server: LabServer, fault: string, condition: string): Promise<void> {
  await runInShop(
    server,
    fault,
    `end=$((SECONDS + 90))
until ${condition}; do
  [ $SECONDS -lt $end ] || { echo ${quoted(`not within 90 s: ${condition}`)} >&2; exit 1; }
  sleep 0.5
done`,
  )
}

function quoted(text: string): string {
  return `'${text.replaceAll("'", `'\\''`)}'`
}
