import type { LabServer } from './server.ts'
import type { Lab } from './session.ts'

/**
 * Another machine, which has nothing to do with the shop and answers on port 80, IPv4 and IPv6, whatever is asked:
 * what a wrong A or AAAA record leads to.
 */
export type SecondMachineOptions = { name?: string; status?: string; body?: string; headers?: string[] }

export async function startSecondMachine(lab: Lab, options: SecondMachineOptions = {}): Promise<LabServer> {
  const { name = 'second-machine', status = '404 Not Found', headers = [] } = options
  const body = options.body ?? '<!doctype html><title>Parked</title><p>This is some other machine.</p>'
  const server = await lab.startServer({ name, memory: '512m' })
  const lines = [
    `HTTP/1.1 ${status}`,
    'Server: second-machine',
    'Content-Type: text/html',
    `Content-Length: ${Buffer.byteLength(body)}`,
    'Connection: close',
    ...headers,
  ]
  await server.must(`cat > /etc/page`, { input: `${lines.join('\r\n')}\r\n\r\n${body}` })
  await server.must(`set -eu
cat > /etc/systemd/system/page.socket <<'UNIT'
[Socket]
ListenStream=[::]:80
Accept=yes
MaxConnections=256
TriggerLimitIntervalSec=0
UNIT
cat > /etc/systemd/system/page@.service <<'UNIT'
[Service]
# Reads the request up to its empty line first: an answer before that would be cut off by a reset.
ExecStart=/bin/bash -c 'while IFS= read -r -t 5 line && [ "$\${line%%$$\\'\\\\r\\'}" != "" ]; do :; done; cat /etc/page'
StandardInput=socket
StandardOutput=socket
UNIT
systemctl daemon-reload
systemctl start page.socket`)
  return server
}
