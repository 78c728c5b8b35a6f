import { shopFault } from './fault.ts'

/** What can be wrong between visitors and the services. */
export const upstreamStaleIp = shopFault({
  name: 'upstream-stale-ip',
  describe:
    'The API answers 502 after a deployment although the backend is healthy: nginx still asks the address that the backend had, which is the worker’s now.',
  // An address is given out again in order. Placeholders take those before the backend's old one, then celery gets that.
  inject: `
address_of() { docker inspect --format '{{range .NetworkSettings.Networks}}{{.IPAddress}}{{end}}' "$1"; }
old=$(address_of "$(container backend)")
network=$(docker inspect --format '{{range $name, $_ := .NetworkSettings.Networks}}{{$name}}{{end}}' "$(container backend)")
compose stop backend celery
compose rm --force backend celery
placeholders=
for _ in 1 2 3 4 5; do
  placeholder=$(docker run --detach --network "$network" --entrypoint sleep nginx:1.22 600)
  if [ "$(address_of $placeholder)" = "$old" ]; then docker rm --force $placeholder > /dev/null; break; fi
  placeholders="$placeholders $placeholder"
done
compose up --detach --no-deps celery
compose up --detach --no-deps backend
[ -z "$placeholders" ] || docker rm --force $placeholders > /dev/null`,
  visible: '[ "$(status /api/health/)" = 502 ] && [ "$(state_of backend)" = running/healthy ]',
  undo: 'compose exec -T nginx nginx -s reload',
})

export const nginxConfigBroken = shopFault({
  name: 'nginx-config-broken',
  describe:
    'The site works, but the configuration on disk does not pass `nginx -t`: the next restart would be an outage.',
  inject: 'echo "proxy_read_timeout 30s" >> nginx/conf.d/upstreams.conf',
  visible: '! compose exec -T nginx nginx -t 2> /dev/null',
  undo: `sed -i '/^proxy_read_timeout 30s$/d' nginx/conf.d/upstreams.conf`,
})

export const nginxUpstreamTypo = shopFault({
  name: 'nginx-upstream-typo',
  describe:
    'Nothing answers: nginx restarts without end, “host not found in upstream”, because a service’s name is misspelt.',
  inject: `
sed -i 's/server backend:8000/server backnd:8000/' nginx/conf.d/upstreams.conf
compose restart nginx`,
  visible:
    '[ "$(status /health)" = 000 ] && has "host not found in upstream" "$(compose logs --tail 5 nginx)"',
  undo: `
sed -i 's/server backnd:8000/server backend:8000/' nginx/conf.d/upstreams.conf
compose restart nginx`,
})

/** The location for challenges and what in it decides; the site's own file has it too when there is HTTPS. */
const challenge = 'nginx/conf.d/*.conf nginx/conf.d/locations.inc'
const challengeStatus =
  '$(curl -s -o /dev/null -w "%{http_code}" -H "Host: $domain" http://127.0.0.1/.well-known/acme-challenge/none)'

export const basicAuthOnChallenge = shopFault({
  name: 'basic-auth-on-challenge',
  describe: 'Issuing a certificate fails with “401”: basic authentication covers the challenge’s path too.',
  inject: `
[ -e nginx/conf.d/htpasswd.challenge ] || echo "staging:$(openssl passwd -apr1 staging)" > nginx/conf.d/htpasswd.challenge
sed -i '/root \\/var\\/www\\/certbot;/i \\        auth_basic "Staging"; auth_basic_user_file /etc/nginx/conf.d/htpasswd.challenge; # challenge' ${challenge}
sed -i '/acme-challenge/,/}/ s/auth_basic off;/# auth_basic off;/' ${challenge}
compose exec -T nginx nginx -s reload`,
  visible: `[ "${challengeStatus}" = 401 ]`,
  undo: `
sed -i '/# challenge$/d; s/# auth_basic off;/auth_basic off;/' ${challenge}
rm -f nginx/conf.d/htpasswd.challenge
compose exec -T nginx nginx -s reload`,
})

export const redirectToForeignHost = shopFault({
  name: 'redirect-to-foreign-host',
  describe:
    'Issuing a certificate fails: the challenge’s path is redirected to another host, which knows nothing of it.',
  inject: `
sed -i '/root \\/var\\/www\\/certbot;/i \\        return 301 http://old-shop.invalid$request_uri; # challenge' ${challenge}
compose exec -T nginx nginx -s reload`,
  visible: `[ "${challengeStatus}" = 301 ]`,
  undo: `
sed -i '/# challenge$/d' ${challenge}
compose exec -T nginx nginx -s reload`,
})
