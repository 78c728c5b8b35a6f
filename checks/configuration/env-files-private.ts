import { type EnvFile, type StackEnvironment, stackEnvironment } from '../../src/facts/env-files.ts'
import { runAction } from '../../src/model/action.ts'
import { check } from '../../src/model/check.ts'
import { Unreadable } from '../../src/model/command.ts'
import { remedy } from '../../src/model/remedy.ts'
import { sh } from '../../src/model/script.ts'
import { fail, pass } from '../../src/model/verdict.ts'
import { configurationParams } from './parameters.ts'

/** Files with secrets in them. The examples have none. */
const secretFiles = ({ files }: StackEnvironment): EnvFile[] =>
  files.filter(({ role, exists }) => role !== 'example' && exists)

const open = (files: readonly EnvFile[]): EnvFile[] => files.filter(({ mode }) => (mode & 0o077) !== 0)

const named = ({ path, mode, owner }: EnvFile): string => `${path} ${mode.toString(8)} ${owner}`

export const closeEnvFiles = remedy({
  id: 'configuration/close-env-files',
  title: 'Let their owner alone read the env files (chmod 600)',
  why: 'Compose reads them as whoever calls it; containers are given the values, not the files. Nobody else needs them.',
  risk: 'A script that reads them as another user stops working. Compose called by their owner or by root does not.',
  grade: 'reversible',
  params: configurationParams,
  async plan({ params, read }) {
    const files = open(secretFiles(await read(stackEnvironment, params.composeFile)))
    if (files.length === 0) throw new Unreadable('the env files are closed already')
    return {
      actions: files.map(({ path }) => runAction(`chmod 600 ${path}`, sh`chmod 600 -- ${path}`)),
      touches: files.map(named),
      undo: files.map(({ path, mode }) => `chmod ${mode.toString(8)} ${path}`).join('; '),
      expectedSeconds: 1,
    }
  },
})

export const envFilesPrivate = check({
  id: 'configuration/env-files-private',
  title: 'The env files can be read by their owner alone',
  why: 'Every account on the server, and every program that breaks into one, could otherwise read the payment key and the database’s password.',
  params: configurationParams,
  remedies: [closeEnvFiles],
  async probe({ params, read }) {
    const files = secretFiles(await read(stackEnvironment, params.composeFile))
    if (files.length === 0) throw new Unreadable('there is no env file whose mode could be read')
    const wide = open(files)
    const measured = files.map(named).join(', ')
    if (wide.length === 0)
      return pass(`${files.length} env file(s) are readable by their owner alone`, {
        measured,
        expected: '600',
      })
    return fail(`others than the owner can read ${wide.map(({ path }) => path).join(' and ')}`, {
      measured,
      expected: '600',
      remedies: [closeEnvFiles],
      advice: 'Whoever had an account here may have read them: think about which of these secrets to renew',
    })
  },
})
