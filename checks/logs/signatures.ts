/** What error strings mean: each known one with its cause, and the check that looks at that cause itself. */

export interface Signature {
  readonly pattern: RegExp
  readonly cause: string
  /** The check that judges the cause as it is now; null where only the log tells. */
  readonly watchedBy: string | null
}

/** First match counts, so that the particular stands before the general. */
export const signatures: readonly Signature[] = [
  {
    pattern: /Port could not be cast to integer/,
    cause: 'the Redis password holds a character that breaks the URL it stands in',
    watchedBy: 'configuration/redis-password-usable',
  },
  {
    pattern: /invalid username-password pair|WRONGPASS|NOAUTH|AuthenticationError|invalid password/i,
    cause: 'Redis refuses the password: the two env files differ',
    watchedBy: 'configuration/redis-password-agrees',
  },
  {
    pattern: /password authentication failed/,
    cause: 'PostgreSQL refuses the password',
    watchedBy: 'configuration/database-password-accepted',
  },
  {
    pattern: /too many clients already|remaining connection slots/,
    cause: 'every connection to PostgreSQL is taken',
    watchedBy: 'postgres/connections-left',
  },
  {
    pattern: /No space left on device|could not extend file|could not write/i,
    cause: 'a disk is full',
    watchedBy: 'disk/space',
  },
  { pattern: /MISCONF/, cause: 'Redis cannot save its data', watchedBy: 'redis/saves' },
  {
    pattern: /OOM command not allowed/,
    cause: 'Redis is at its memory limit',
    watchedBy: 'redis/memory-left',
  },
  {
    pattern: /LOADING Redis is loading|BusyLoadingError/,
    cause: 'Redis was loading its data',
    watchedBy: 'redis/loaded',
  },
  {
    pattern: /has group or world access|private key file/,
    cause: 'PostgreSQL refuses its TLS key, whose mode is too wide',
    watchedBy: 'services/database-steady',
  },
  {
    pattern: /host not found in upstream/,
    cause: 'nginx does not know a name in its files',
    watchedBy: 'nginx/names-known',
  },
  {
    pattern:
      /upstream timed out|connect\(\) failed|no live upstreams|upstream prematurely closed|while connecting to upstream|while reading response header/,
    cause: 'a server behind nginx did not answer',
    watchedBy: 'nginx/addresses-current',
  },
  {
    pattern: /Invalid HTTP_HOST header|DisallowedHost|Bad Request: /,
    cause: 'a name is missing in ALLOWED_HOSTS, or somebody tries others',
    watchedBy: 'backend/accepts-site',
  },
  {
    pattern: /Temporary failure in name resolution|Name or service not known|getaddrinfo/,
    cause: 'a name is not found inside the container',
    watchedBy: 'backend/names-resolve',
  },
  {
    pattern:
      /Error (111|113|110|104|32)\b|Connection refused|Connection reset|Connection closed by server|Broken pipe|No route to host|Connection to (broker|Redis) lost|connection already closed|server closed the connection|consumer: Cannot connect|Cannot connect to redis|ConnectionError|OperationalError|InterfaceError/,
    cause: 'a service behind it was away',
    watchedBy: 'backend/healthy',
  },
  {
    pattern:
      /(database system is (shutting down|starting up|not yet accepting))|terminating connection|the database system is in recovery|canceling statement|client backend|lock timeout|deadlock detected/,
    cause: 'PostgreSQL was stopped, or ended a session',
    watchedBy: 'postgres/answers',
  },
  {
    pattern: /WORKER TIMEOUT|Worker \(pid:\d+\) was sent|was sent SIG|SystemExit: 1|Worker exiting/i,
    cause: 'a request took longer than its worker was given',
    watchedBy: 'backend/quick',
  },
  {
    pattern: /WorkerLostError|signal 9|SIGKILL|Killed|out of memory/i,
    cause: 'a process was killed for want of memory',
    watchedBy: 'services/worker-memory',
  },
  {
    pattern:
      /Internal Server Error: |Service Unavailable: |column .* does not exist|relation .* does not exist|ProgrammingError|UndefinedColumn|UndefinedTable/,
    cause: 'a page fails; with a missing column or table, the schema is not the release’s',
    watchedBy: 'nginx/pages-work',
  },
  {
    pattern: /No such option|Usage: |Try '.*--help'/,
    cause: 'a command in the Compose file is misspelt',
    watchedBy: 'services/beat-steady',
  },
  {
    pattern: /ExecAbortError|redis\.exceptions\.|kombu\.exceptions\.|psycopg2?\.|django\.db\.utils\./,
    cause: 'a service behind it was away, or refused',
    watchedBy: 'backend/healthy',
  },
  {
    pattern: /Traceback \(most recent call last\)/,
    cause: 'the error follows in the next lines',
    watchedBy: 'backend/healthy',
  },
  {
    pattern: /SMTPAuthenticationError|SMTPException|Username and Password not accepted/,
    cause: 'the mail server refuses us: e-mails do not arrive',
    watchedBy: null,
  },
  {
    pattern: /SignatureDoesNotMatch|InvalidAccessKeyId|RequestTimeTooSkewed/,
    cause: 'the object store refuses its key, or the clock is wrong',
    watchedBy: null,
  },
  {
    pattern: /Not Found: \/api\/api\//,
    cause: 'BACKEND_URL ends in /api: payment webhooks go to a path that does not exist',
    watchedBy: null,
  },
]

export const meaningOf = (text: string): Signature | undefined =>
  signatures.find(({ pattern }) => pattern.test(text))
