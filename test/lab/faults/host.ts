import { shopFault } from './fault.ts'

/** What is wrong with the server below the shop. */
export const dockerStopped = shopFault({
  name: 'docker-stopped',
  describe: 'Nothing answers at all: the Docker daemon was stopped, and all containers with it.',
  inject: 'systemctl stop docker.socket docker.service',
  visible: '! systemctl --quiet is-active docker.service',
  undo: 'systemctl start docker.socket docker.service',
})

export const failedUnit = shopFault({
  name: 'failed-unit',
  describe: 'The nightly clean-up has not run for weeks: its systemd unit has failed, and nobody looked.',
  inject: `
cat > /etc/systemd/system/nightly-cleanup.service <<'UNIT'
[Unit]
Description=Nightly clean-up of the shop
[Service]
Type=oneshot
ExecStart=/opt/webshop/scripts/clean-up.sh
UNIT
systemctl daemon-reload
systemctl start nightly-cleanup.service 2> /dev/null || true`,
  visible: 'systemctl --quiet is-failed nightly-cleanup.service',
  undo: `
systemctl reset-failed nightly-cleanup.service 2> /dev/null || true
rm -f /etc/systemd/system/nightly-cleanup.service
systemctl daemon-reload`,
})

export const rebootRequired = shopFault({
  name: 'reboot-required',
  describe: 'The server runs a kernel with known holes: an update has waited for a reboot since.',
  inject: `
echo '*** System restart required ***' > /run/reboot-required
echo linux-image-amd64 > /run/reboot-required.pkgs`,
  visible: '[ -e /run/reboot-required ]',
  undo: 'rm -f /run/reboot-required /run/reboot-required.pkgs',
})

/** A container has its machine's clock. So not the clock is wrong, but what programs started over SSH read from it. */
export const clockAnHourAhead = shopFault({
  name: 'clock-an-hour-ahead',
  describe:
    'The server’s clock is one hour ahead, as every command sees it that is run over SSH. (Modelled with libfaketime: daemons, containers and sudo keep the true time.)',
  inject: `
[ -e /usr/lib/x86_64-linux-gnu/faketime/libfaketime.so.1 ] ||
  DEBIAN_FRONTEND=noninteractive apt-get install -qqy --no-install-recommends libfaketime > /dev/null
grep -q libfaketime /etc/environment || cat >> /etc/environment <<'ENVIRONMENT'
LD_PRELOAD=/usr/lib/x86_64-linux-gnu/faketime/libfaketime.so.1
FAKETIME=+3600
FAKETIME_DONT_FAKE_MONOTONIC=1
ENVIRONMENT`,
  visible: 'grep -q libfaketime /etc/environment',
  undo: `sed -i '/^FAKETIME/d; /libfaketime/d' /etc/environment`,
})
