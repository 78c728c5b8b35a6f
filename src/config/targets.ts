/** The servers that the operator has stored. */

import { z } from 'zod'
import { EXIT, Failure } from '../model/failure.ts'
import { Target } from '../model/target.ts'
import { type JsonFile, openJsonFile } from './json-file.ts'

const TargetsFile = z.strictObject({ version: z.literal(1), targets: z.array(Target) })

export interface Targets {
  readonly path: string
  list(): readonly Target[]
  find(name: string): Target | undefined
  /** @throws Failure (78) when the name is taken. */
  add(target: Target): void
  /** @returns false when there is none of that name. */
  remove(name: string): boolean
}

export function openTargets(folder: string): Targets {
  const file: JsonFile<z.infer<typeof TargetsFile>> = openJsonFile(folder, 'targets', TargetsFile, {
    version: 1,
    targets: [],
  })
  const save = (targets: Target[]) => file.write({ version: 1, targets })
  return {
    path: file.path,
    list: () => file.read().targets,
    find: name => file.read().targets.find(target => target.name === name),
    add(target) {
      const { targets } = file.read()
      if (targets.some(other => other.name === target.name)) {
        throw new Failure(
          EXIT.configuration,
          `there is a target “${target.name}” already`,
          'Choose another name, or remove that one first.',
        )
      }
      save([...targets, target])
    },
    remove(name) {
      const { targets } = file.read()
      const left = targets.filter(target => target.name !== name)
      if (left.length < targets.length) save(left)
      return left.length < targets.length
    },
  }
}
