import { findShop } from '../shop/site.ts'
import { type Fault, shopFault } from './fault.ts'

/** What is wrong between the server and the rest of the world. */
const installUfw =
  'command -v ufw > /dev/null || DEBIAN_FRONTEND=noninteractive apt-get install -qqy --no-install-recommends ufw > /dev/null'
const allowOnlySshAndHttps = `
ufw allow "$(sshd -T | sed -n 's/^port //p')/tcp"
ufw allow 443/tcp
ufw --force delete allow 80/tcp
ufw --force enable`

/** What people add so that ufw rules over Docker's published ports: they then need \`ufw route allow\` to be open. */
const afterRules = `
# BEGIN lab
*filter
:ufw-user-forward - [0:0]
:DOCKER-USER - [0:0]
-A DOCKER-USER -m conntrack --ctstate RELATED,ESTABLISHED -j RETURN
-A DOCKER-USER ! -i eth0 -j RETURN
-A DOCKER-USER -j ufw-user-forward
-A DOCKER-USER -j DROP
COMMIT
# END lab`

export const port80Blocked = shopFault({
  name: 'port-80-blocked',
  describe:
    'HTTPS works, port 80 does not answer, over IPv4 and IPv6, so that no certificate can be renewed: ufw, which here filters Docker’s ports too, lets only 22 and 443 in.',
  inject: `
${installUfw}
grep -q 'BEGIN lab' /etc/ufw/after.rules || cat >> /etc/ufw/after.rules <<'RULES'
${afterRules}
RULES
${allowOnlySshAndHttps}
ufw route allow proto tcp from any to any port 443
ufw --force route delete allow proto tcp from any to any port 80
ufw reload`,
  visible: `iptables -C DOCKER-USER -j DROP 2> /dev/null && ! has 'dport 80 ' "$(iptables -S ufw-user-forward)"`,
  undo: `
ufw --force disable
sed -i '/# BEGIN lab/,/# END lab/d' /etc/ufw/after.rules
iptables -F DOCKER-USER
iptables -A DOCKER-USER -j RETURN`,
})

export const port80BlockedOnIpv6 = shopFault({
  name: 'port-80-blocked-on-ipv6',
  describe:
    'Over IPv4 all is well, over IPv6 port 80 does not answer: ufw lets only 22 and 443 in. Docker’s ports go round it on IPv4, but not on IPv6.',
  inject: `
${installUfw}
${allowOnlySshAndHttps}`,
  visible: `has '^Status: active' "$(ufw status)" && ! has 'dport 80 ' "$(ip6tables -S ufw6-user-input)" && ! iptables -C DOCKER-USER -j DROP 2> /dev/null`,
  undo: 'ufw --force disable',
})

export const dockerDnsBroken = shopFault({
  name: 'docker-dns-broken',
  describe:
    'Payments fail, “Temporary failure in name resolution”: daemon.json gives containers a name server that does not answer; among themselves they still know their names.',
  inject: `
mkdir -p $state
[ -e $state/daemon.json ] || cp /etc/docker/daemon.json $state/ 2> /dev/null || echo '{}' > $state/daemon.json
echo '{"dns": ["192.0.2.53"]}' > /etc/docker/daemon.json
systemctl restart docker`,
  visible: `
outside=$(sed -n 's#^deb http://\\([^/]*\\)/.*#\\1#p' /etc/apt/sources.list | sed -n 1p)
[ "$(state_of backend)" = running/healthy ] && ! compose exec -T backend timeout 4 getent hosts "$outside" > /dev/null`,
  undo: `
cp $state/daemon.json /etc/docker/daemon.json
[ "$(cat /etc/docker/daemon.json)" != '{}' ] || rm /etc/docker/daemon.json
rm -r $state
systemctl restart docker
reload`,
})

/** The lab's own DNS server answers: the other host is the lab's gateway, which answers on port 80 as somebody else. */
export const aaaaOfAnotherHost: Fault = {
  name: 'aaaa-of-another-host',
  describe:
    'Issuing a certificate fails with 404 although the site works in every browser: the AAAA record leads to another machine, and the CA asks that one.',
  inject: async (server, lab) => {
    if (!lab) throw new Error('aaaa-of-another-host needs the lab, whose DNS it changes.')
    const { domain } = await findShop(server)
    const records = { A: [server.ipv4], AAAA: [lab.network.gateway.ipv6] }
    await lab.dns.set(domain, records).catch(() => lab.dns.zone(domain, { '@': records, www: records }))
  },
  isVisible: async server => {
    const { domain } = await findShop(server)
    const found = await server.exec(`getent ahostsv6 ${domain}`)
    return found.stdout !== '' && !found.stdout.includes(server.ipv6) && !found.stdout.startsWith('::ffff')
  },
  undo: async (server, lab) => {
    if (!lab) throw new Error('aaaa-of-another-host needs the lab, whose DNS it changes.')
    const { domain } = await findShop(server)
    await lab.dns.set(domain, { A: [server.ipv4], AAAA: [server.ipv6] })
  },
}
