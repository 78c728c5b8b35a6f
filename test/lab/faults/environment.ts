import { type Fault, shopFault } from './fault.ts'

/** A wrong value in an env file, taken over by the services that read it. */
type WrongValue = {
  name: string
  describe: string
  key: string
  /** Shell: the wrong value, which may use the right one as $value. */
  wrong: string
  files?: string
  recreates?: string
  visible: string
}

function wrongValue({
  name,
  describe,
  key,
  wrong,
  files = '$env_file',
  recreates = '',
  visible,
}: WrongValue): Fault {
  const refresh = recreates ? `recreate ${recreates}\nreload` : ''
  return shopFault({
    name,
    describe,
    inject: `
value=$(get_key $env_file ${key})
for file in ${files}; do
  keep_key $file ${key}
  set_key $file ${key} "${wrong}"
done
${refresh}`,
    visible,
    undo: `
for file in ${files}; do put_back_key $file ${key}; done
${refresh}`,
  })
}

const usesRedis = 'backend celery celery-beat'

export const redisPasswordSpecialChars = wrongValue({
  name: 'redis-password-special-chars',
  describe:
    '“Port could not be cast to integer value”: the Redis password holds a slash and stands in a URL; health is 503, workers restart without end.',
  key: 'REDIS_PASSWORD',
  wrong: 'aB3/x+Y7',
  files: '$env_file .env',
  recreates: `redis ${usesRedis}`,
  visible: '[[ "$(health)" = *"Port could not be cast to integer"* ]]',
})

export const redisPasswordMismatch = wrongValue({
  name: 'redis-password-mismatch',
  describe:
    'Health is 503, “invalid username-password pair”: the Redis password in the backend’s env file is not the one in .env that Redis was started with.',
  key: 'REDIS_PASSWORD',
  wrong: '${value}x',
  recreates: usesRedis,
  visible: '[[ "$(health)" = *"Redis error: "*[Pp]assword* ]]',
})

export const dbPasswordMismatch = wrongValue({
  name: 'db-password-mismatch',
  describe: 'Health is 503, “password authentication failed”: DB_PASSWORD differs from POSTGRES_PASSWORD.',
  key: 'DB_PASSWORD',
  wrong: '${value}x',
  recreates: usesRedis,
  visible: '[[ "$(health)" = *"password authentication failed"* ]]',
})

export const envChangeWithoutRecreate = shopFault({
  name: 'env-change-without-recreate',
  describe:
    'A value was changed in the env file and the backend restarted: it still runs with the old value.',
  inject: `
keep_key $env_file SENTRY_TRACES_SAMPLE_RATE
set_key $env_file SENTRY_TRACES_SAMPLE_RATE 0.25
compose restart backend
reload`,
  visible: `[ "$(get_key $env_file SENTRY_TRACES_SAMPLE_RATE)" != "$(docker inspect --format '{{range .Config.Env}}{{println .}}{{end}}' "$(container backend)" | sed -n 's/^SENTRY_TRACES_SAMPLE_RATE=//p')" ]`,
  undo: 'put_back_key $env_file SENTRY_TRACES_SAMPLE_RATE',
})

export const backendUrlWithApi = wrongValue({
  name: 'backend-url-with-api',
  describe:
    'Payment webhooks get 404: BACKEND_URL ends in /api, so their address is /api/api/payments/webhook/.',
  key: 'BACKEND_URL',
  wrong: '$value/api',
  recreates: 'backend',
  visible: '[[ "$(compose exec -T backend printenv BACKEND_URL)" = */api ]]',
})

export const allowedHostsWithoutLocalhost = wrongValue({
  name: 'allowed-hosts-without-localhost',
  describe:
    'The site works, yet the backend’s container is unhealthy: its check gets 400, as localhost is not in ALLOWED_HOSTS.',
  key: 'ALLOWED_HOSTS',
  wrong: '${value%,localhost}',
  recreates: 'backend',
  visible: '[ "$(state_of backend)" = running/unhealthy ]',
})

export const testPaymentKeyOnProduction = wrongValue({
  name: 'test-payment-key-on-production',
  describe: 'Customers “pay” and no money arrives: the production shop runs with Mollie’s test key.',
  key: 'MOLLIE_API_KEY',
  wrong: 'test_${value#*_}',
  recreates: usesRedis,
  visible:
    '[[ "$(compose exec -T backend printenv MOLLIE_API_KEY)" = test_* ]] && [ $environment = production ]',
})

export const sentryEnvironmentWrong = wrongValue({
  name: 'sentry-environment-wrong',
  describe: 'No alert ever fires: SENTRY_ENVIRONMENT is not the one that the alert rules ask for.',
  key: 'SENTRY_ENVIRONMENT',
  wrong: 'development',
  recreates: usesRedis,
  visible: '[ "$(compose exec -T backend printenv SENTRY_ENVIRONMENT)" = development ]',
})

export const wrongEnvPermissions = shopFault({
  name: 'wrong-env-permissions',
  describe: 'Every user of the server can read the shop’s secrets: the env files have mode 644.',
  inject: 'chmod 644 .env $env_file',
  visible: '[ "$(stat -c %a $env_file)" = 644 ]',
  undo: 'chmod 600 .env $env_file',
})

export const composeEnvMissing = shopFault({
  name: 'compose-env-missing',
  describe:
    '“The REDIS_PASSWORD variable is not set”: .env is not beside the compose file. What runs goes on; the next `up` will break it.',
  inject: 'mkdir -p $state && { [ ! -e .env ] || mv .env $state/; }',
  visible: '[ ! -e .env ]',
  undo: '[ ! -e $state/.env ] || mv $state/.env .env',
})
