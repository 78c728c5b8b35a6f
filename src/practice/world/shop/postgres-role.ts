/** PostgreSQL: the cluster lies in the data directory, whoever runs it. */

import { randomInt } from 'node:crypto'
import type { DirectoryNode } from '../../system/nodes.ts'
import { addLog } from '../docker/log-stream.ts'
import type { Container } from '../docker/types.ts'
import type { World } from '../world.ts'
import { type Database, newDatabase } from './database.ts'
import { environmentIn, type Role } from './roles.ts'

export interface Cluster {
  readonly roles: Map<string, { password: string; superuser: boolean; login: boolean }>
  readonly databases: Map<string, Database>
  readonly settings: Map<string, string>
  readonly systemIdentifier: string
  /** When the data directory was made, in milliseconds since 1970. */
  readonly madeAt: number
  /** Sessions of clients that do more than come and go. */
  sessions: {
    pid: number
    application: string
    user: string
    state: string
    verb: string
    began: number
    transactionBegan: number
    waitsFor: number[]
  }[]
}

const clusters = new WeakMap<DirectoryNode, Cluster>()

export class PostgresRole implements Role {
  readonly container: Container
  readonly cluster: Cluster
  readonly #world: World
  readonly #isNew: boolean

  constructor(world: World, container: Container, words: readonly string[]) {
    this.container = container
    this.#world = world
    const node = container.files.maybe('/var/lib/postgresql/data')
    const folder =
      node?.kind === 'directory' ? node : container.files.folder('/var/lib/postgresql/data', 0o700, 999, 999)
    const known = clusters.get(folder)
    this.#isNew = known === undefined
    this.cluster = known ?? newCluster(environmentIn(container), world.machine.now())
    clusters.set(folder, this.cluster)
    if (!container.files.exists('/var/lib/postgresql/data/PG_VERSION'))
      container.files.write('/var/lib/postgresql/data/PG_VERSION', '15\n', 0o600, 999, 999)
    const defaults = {
      max_connections: '100',
      ssl: 'off',
      shared_buffers: '128MB',
      superuser_reserved_connections: '3',
    }
    for (const [name, value] of Object.entries(defaults)) this.cluster.settings.set(name, value)
    words.forEach((word, index) => {
      if (word !== '-c') return
      const [name = '', value = ''] = (words[index + 1] ?? '').split(/=(.*)/s)
      this.cluster.settings.set(name, value)
    })
  }

  start(): number | undefined {
    const say = (text: string): void =>
      addLog(
        this.container,
        this.#world.machine.now(),
        `${new Date(this.#world.machine.now()).toISOString().replace('T', ' ').replace('Z', ' UTC')} [1] ${text}`,
        'stderr',
      )
    const given = environmentIn(this.container)
    if (
      this.#isNew &&
      !given.get('POSTGRES_PASSWORD') &&
      given.get('POSTGRES_HOST_AUTH_METHOD') !== 'trust'
    ) {
      addLog(
        this.container,
        this.#world.machine.now(),
        'Error: Database is uninitialized and superuser password is not specified.',
        'stderr',
      )
      return 1
    }
    const certificate = this.cluster.settings.get('ssl_cert_file')
    const key = this.cluster.settings.get('ssl_key_file')
    if (this.cluster.settings.get('ssl') === 'on') {
      if (certificate && !this.container.files.exists(certificate)) {
        say(`FATAL:  could not load server certificate file "${certificate}": No such file or directory`)
        return 1
      }
      const node = key ? this.container.files.maybe(key) : undefined
      if (key && node && (node.mode & 0o077) !== 0 && node.uid === 999) {
        say(`FATAL:  private key file "${key}" has group or world access`)
        return 1
      }
      if (key && node && node.uid !== 999 && node.uid !== 0) {
        say(`FATAL:  private key file "${key}" must be owned by the database user or root`)
        return 1
      }
    }
    if (this.#world.disk.usedBytes > this.#world.disk.bytes - 4 * 1024 ** 2) {
      say('FATAL:  could not write lock file "postmaster.pid": No space left on device')
      return 1
    }
    say('LOG:  database system is ready to accept connections')
    return undefined
  }

  /** Why a client is turned away, in libpq's words; undefined when it is let in. */
  refuses(user: string, password: string, database: string, local = false): string | undefined {
    const role = this.cluster.roles.get(user)
    const prefix = local
      ? `connection to server on socket "/var/run/postgresql/.s.PGSQL.5432" failed: `
      : `connection to server at "db", port 5432 failed: `
    const log = (text: string): string => {
      addLog(
        this.container,
        this.#world.machine.now(),
        `${new Date(this.#world.machine.now()).toISOString().replace('T', ' ').replace('Z', ' UTC')} [77] FATAL:  ${text}`,
        'stderr',
      )
      return `${prefix}FATAL:  ${text}`
    }
    if (!local && (!role || role.password !== password))
      return log(`password authentication failed for user "${user}"`)
    if (!role) return log(`role "${user}" does not exist`)
    const wanted = this.cluster.databases.get(database)
    if (!wanted) return log(`database "${database}" does not exist`)
    if (!wanted.allows) return log(`database "${database}" is not currently accepting connections`)
    if (!role.login) return log(`role "${user}" is not permitted to log in`)
    if (
      this.cluster.sessions.length >= Number(this.cluster.settings.get('max_connections')) - 3 &&
      !role.superuser
    )
      return log('sorry, too many clients already')
    return undefined
  }
}

function newCluster(given: ReadonlyMap<string, string>, madeAt: number): Cluster {
  const user = given.get('POSTGRES_USER') || 'postgres'
  const database = given.get('POSTGRES_DB') || user
  return {
    roles: new Map([
      [user, { password: given.get('POSTGRES_PASSWORD') ?? '', superuser: true, login: true }],
    ]),
    databases: new Map([
      ...[...new Set(['postgres', 'template1', database])].map((name): [string, Database] => [
        name,
        newDatabase(name, user),
      ]),
      ['template0', { ...newDatabase('template0', user), allows: false }],
    ]),
    settings: new Map([
      ['server_version', '15.14 (Debian 15.14-0+deb12u1)'],
      ['data_directory', '/var/lib/postgresql/data'],
      ['autovacuum', 'on'],
      ['archive_mode', 'off'],
      ['default_transaction_read_only', 'off'],
    ]),
    madeAt,
    systemIdentifier: `74${randomInt(10 ** 14)}`,
    sessions: [],
  }
}
