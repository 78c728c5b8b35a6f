/** What makes up a server, as lines that can be held against those of another day. Of values only a salted hash leaves it. */

import { outputOf } from '../model/command.ts'
import { fact } from '../model/fact.ts'
import { sh } from '../model/script.ts'
import { allContainers } from './containers.ts'

/** Areas in the order in which a change of theirs is likely to explain a failure. */
export const areas = [
  'image',
  'environment',
  'file',
  'certificate',
  'address',
  'port',
  'job',
  'package',
] as const
export type Area = (typeof areas)[number]

/** Value by `area`, then by name. */
export type Fingerprint = ReadonlyMap<Area, ReadonlyMap<string, string>>

/**
 * The salt is the machine’s own id: the same every day, and different on every server, so that a hash tells
 * nothing beyond that a value changed.
 *
 * @param images lines of containers that Docker has told of already: it is not asked twice
 */
const SCRIPT = (composeFile: string, domain: string, images: readonly string[]) => sh`
  umask 077
  folder=$(dirname -- ${composeFile})
  scratch=$(mktemp -d) || exit 1
  trap 'rm -rf "$scratch"' EXIT
  short() { sed -n 's/^\\\\\\{0,1\\}\\([0-9a-f]\\{12\\}\\)[0-9a-f]*  \\(.*\\)$/\\1\\t\\2/p' | awk -F '\\t' -v area="$1" '{ print area "\\t" $1 "\\t" $2 }'; }
  printf '%s\\n' ${images}
  read -r salt </etc/machine-id || salt=none
  find "$folder" -maxdepth 2 -name '.env*' -type f ! -name '*.example' ! -name '*.kneeboard*' | while IFS= read -r file; do
    rm -rf "$scratch/values"; mkdir "$scratch/values"
    awk -v folder="$scratch/values" -v salt="$salt" '
      /^[A-Za-z_][A-Za-z0-9_]*=/ { name = $0; sub(/=.*/, "", name); print salt $0 >(folder "/" name); close(folder "/" name) }' "$file"
    (cd "$scratch/values" && sha256sum -- * 2>/dev/null) | short environment | sed "s#\\$# in \${file#"$folder"/}#"
  done
  { printf '%s\\n' ${composeFile} /etc/docker/daemon.json /etc/hosts /etc/resolv.conf /etc/crontab
    find "$folder"/nginx /etc/cron.d /var/spool/cron/crontabs /etc/ssh/sshd_config.d /etc/ufw -type f 2>/dev/null
  } | tr '\\n' '\\0' | xargs -0 sha256sum -- 2>/dev/null | short file
  find -L /etc/letsencrypt/live "$folder" -maxdepth 4 -path '*/live/*' -name 'cert.pem' -print0 2>/dev/null |
    xargs -0 -r sha256sum -- | short certificate
  getent ahosts ${domain} | awk '{ print "address\\t" $1 "\\t${{ text: domain.replaceAll(/[^A-Za-z0-9.-]/g, '') }}" }' | sort -u
  ss -lntuH | awk '$5 !~ /^(127[.]|\\[::1\\])/ { print "port\\topen\\t" $1 " " $5 }' | sort -u
  ls /etc/systemd/system/timers.target.wants 2>/dev/null | sed 's/^/job\\tenabled\\t/'
  dpkg-query -W -f 'package\\t\${Version}\\t\${Package}\\n' 2>/dev/null
  true
`

/** @throws Unreadable when the script did not run to its end. */
export const fingerprint = fact(
  'changes/fingerprint',
  async (context, composeFile: string, domain: string): Promise<Fingerprint> => {
    // A server whose Docker cannot be asked has everything else to tell.
    const containers = await context.read(allContainers).catch(() => [])
    const images = containers
      .filter(({ project }) => project !== '')
      .map(({ imageId, name }) => `image\t${imageId.replace(/^sha256:/, '').slice(0, 12)}\t${name}`)
    const script = SCRIPT(composeFile, domain, images)
    const result = await context.run(script, { as: 'root', timeoutSeconds: 30 })
    return parseFingerprint(outputOf(result, 'what makes up the server'))
  },
)

/** Reads `area TAB value TAB name`, a line each. A name with several values has them all, sorted. */
export function parseFingerprint(text: string): Fingerprint {
  const found = new Map<Area, Map<string, string>>(areas.map(area => [area, new Map()]))
  for (const line of text.split('\n')) {
    const [area, value, name] = line.split('\t')
    const values = found.get(area as Area)
    if (values === undefined || value === undefined || name === undefined) continue
    const known = values.get(name)
    values.set(name, known === undefined ? value : [...known.split(' '), value].sort().join(' '))
  }
  return found
}

export interface Change {
  readonly area: Area
  readonly name: string
  readonly how: 'new' | 'gone' | 'changed'
}

/** What differs, the likeliest explanation first. Areas that one side could not read are left out. Pure. */
export function changesBetween(before: Fingerprint, now: Fingerprint): Change[] {
  return areas.flatMap(area => {
    const old = before.get(area) ?? new Map<string, string>()
    const present = now.get(area) ?? new Map<string, string>()
    if (old.size === 0 || present.size === 0) return []
    const changed = [...present].flatMap(([name, value]): Change[] => {
      if (!old.has(name)) return [{ area, name, how: 'new' }]
      return old.get(name) === value ? [] : [{ area, name, how: 'changed' }]
    })
    const gone = [...old.keys()].filter(name => !present.has(name))
    return [...changed, ...gone.map((name): Change => ({ area, name, how: 'gone' }))]
  })
}
