import { insideContainer } from '../../src/facts/containers.ts'
import { type Script, sh } from '../../src/model/script.ts'

/** A script in Redis’ container in which `redis-cli` has the password that Redis was started with: it never leaves it. */
export function insideRedis(container: { readonly id: string }, script: Script): Script {
  return insideContainer(
    container,
    sh`
      if [ -z "\${REDISCLI_AUTH:-}" ]; then
        REDISCLI_AUTH=$(tr '\\0' '\\n' </proc/1/cmdline | sed -n '/^--requirepass$/{n;p;}')
        [ -n "$REDISCLI_AUTH" ] || REDISCLI_AUTH=\${REDIS_PASSWORD:-}
      fi
      if [ -n "$REDISCLI_AUTH" ]; then export REDISCLI_AUTH; else unset REDISCLI_AUTH; fi
      ${script}
    `,
  )
}
