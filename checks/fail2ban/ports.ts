/** Ports as fail2ban's actions take them: numbers, ranges with a colon, and names of services. */

/** The services that a jail for sshd may name (/etc/services). */
const NAMED: Readonly<Record<string, number>> = { ssh: 22 }

/** Whether a ban on this list of ports closes one port. An empty list is that of an action which closes all. */
export function closesPort(list: readonly string[], port: number): boolean {
  if (list.length === 0) return true
  return list.some(entry => {
    const [low = Number.NaN, high = low] = entry.split(/[:-]/).map(part => NAMED[part] ?? Number(part))
    return port >= low && port <= high
  })
}
