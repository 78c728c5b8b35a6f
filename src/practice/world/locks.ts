/** flock(2): locks of open files, gone when the last descriptor of the open file is closed. */

import type { Node } from '../system/nodes.ts'
import type { OpenFile } from '../system/open-file.ts'

export class Locks {
  readonly #held = new Map<Node, { file: OpenFile; shared: boolean }[]>()

  /** @returns whether it could be had now. Asking again with the same open file changes its kind. */
  take(file: OpenFile, shared: boolean): boolean {
    const { node } = file
    if (!node) return true
    const others = (this.#held.get(node) ?? []).filter(held => held.file !== file && held.file.open)
    if (others.some(held => !held.shared || !shared)) return false
    this.#held.set(node, [...others, { file, shared }])
    return true
  }

  release(file: OpenFile): void {
    if (!file.node) return
    this.#held.set(
      file.node,
      (this.#held.get(file.node) ?? []).filter(held => held.file !== file),
    )
  }
}
