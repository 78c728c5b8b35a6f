/** apt-get, apt-cache, apt-config, apt-mark. */

import type { Call } from '../../system/call.ts'
import type { Package } from '../../world/packages.ts'

const FAR = 'http://deb.debian.org/debian'

export async function aptGet(call: Call): Promise<number> {
  const options = call.options('ot', ['option', 'target-release'])
  const [verb = '', ...names] = options.operands
  if (!call.process.isRoot && !options.has('s', 'print-uris')) {
    call.err('E: Could not open lock file /var/lib/dpkg/lock-frontend - open (13: Permission denied)\n')
    return 100
  }
  switch (verb) {
    case 'update':
      return update(call, options.has('print-uris'))
    case 'upgrade':
    case 'full-upgrade':
    case 'dist-upgrade':
      return upgrade(call, options.has('s', 'simulate', 'dry-run'))
    case 'install':
      return install(call, names, options.has('s', 'simulate', 'dry-run'))
    case 'remove':
    case 'purge':
    case 'autoremove':
      return remove(call, names, verb === 'purge' || options.has('purge'))
    case 'clean': {
      const node = call.process.maybe('/var/cache/apt/archives')
      if (node?.kind === 'directory')
        for (const name of [...node.entries.keys()])
          if (name.endsWith('.deb')) call.process.files.drop(`/var/cache/apt/archives/${name}`)
      return 0
    }
    case 'check':
      return 0
  }
  call.err(`E: Invalid operation ${verb}\n`)
  return 100
}

const listName = (uri: string): string =>
  uri
    .replace(/^https?:\/\//, '')
    .replaceAll('_', '%5f')
    .replaceAll('/', '_')

async function update(call: Call, onlyPrint: boolean): Promise<number> {
  const { files } = call.process
  const indexes = call.world.packages.archives().flatMap(({ uri, suite, component }) => {
    const base = `${uri}/dists/${suite}`
    return [
      { uri: `${base}/InRelease`, name: `${listName(base)}_InRelease` },
      {
        uri: `${base}/${component}/binary-amd64/Packages.xz`,
        name: `${listName(base)}_${component}_binary-amd64_Packages`,
      },
    ]
  })
  const seen = new Set<string>()
  let number = 0
  for (const { uri, name } of indexes) {
    if (seen.has(name)) continue
    seen.add(name)
    if (onlyPrint) call.line(`'${uri}' ${name} 0 `)
    else {
      const host = /^https?:\/\/([^/]+)/.exec(uri)?.[1] ?? ''
      if (call.world.names.resolve(call.process, host).length === 0) {
        call.err(
          `Err:${++number} ${uri}\n  Temporary failure resolving '${host}'\nE: Failed to fetch ${uri}\n`,
        )
        return 100
      }
      call.line(`Get:${++number} ${uri}`)
      await call.flush()
      await call.process.sleep(15)
      files.write(`/var/lib/apt/lists/${name}`, `${uri}\n`)
    }
  }
  if (onlyPrint) return 0
  const folder = files.node('/var/lib/apt/lists')
  folder.modified = Date.now()
  call.line('Reading package lists...')
  return 0
}

async function unpack(call: Call, entry: Package, from?: string): Promise<void> {
  const { packages } = call.world
  call.line(`Unpacking ${entry.name} (${entry.version})${from === undefined ? '' : ` over (${from})`} ...`)
  await call.flush()
  await call.process.sleep(25)
  call.line(`Setting up ${entry.name} (${entry.version}) ...`)
  for (const other of entry.conflicts ?? []) if (packages.has(other)) packages.remove(other)
  packages.unpack(entry)
  await call.world.setUp(entry)
  call.world.noteInstall(entry, from)
  await call.flush()
}

function preface(call: Call): void {
  call.line('Reading package lists...\nBuilding dependency tree...\nReading state information...')
}

async function install(call: Call, names: readonly string[], simulate: boolean): Promise<number> {
  const { packages } = call.world
  preface(call)
  const wanted = names.map(name => name.split('=')[0] ?? name)
  const resolved = packages.resolve(wanted)
  if ('missing' in resolved) {
    call.err(
      `E: ${packages.catalogue.has(resolved.missing) ? `Package '${resolved.missing}' has no installation candidate` : `Unable to locate package ${resolved.missing}`}\n`,
    )
    return 100
  }
  const newer = packages.upgrades().filter(({ entry, hold }) => wanted.includes(entry.name) && !hold)
  for (const name of wanted)
    if (packages.has(name) && !newer.some(({ entry }) => entry.name === name))
      call.line(`${name} is already the newest version (${packages.installed.get(name)?.version}).`)
  if (resolved.length > 0)
    call.line(
      `The following NEW packages will be installed:\n  ${resolved.map(entry => entry.name).join(' ')}`,
    )
  call.line(
    `${newer.length} upgraded, ${resolved.length} newly installed, 0 to remove and ${packages.upgrades().length - newer.length} not upgraded.`,
  )
  if (simulate) return 0
  for (const entry of resolved) await unpack(call, entry)
  for (const { entry, from } of newer) await unpack(call, entry, from)
  for (const installed of packages.installed.values())
    if (installed.status === 'half-configured') installed.status = 'installed'
  return 0
}

async function upgrade(call: Call, simulate: boolean): Promise<number> {
  const { packages } = call.world
  preface(call)
  call.line('Calculating upgrade...')
  const all = packages.upgrades()
  const kept = all.filter(({ hold }) => hold)
  const waiting = all.filter(({ hold }) => !hold)
  if (kept.length > 0)
    call.line(
      `The following packages have been kept back:\n  ${kept.map(({ entry }) => entry.name).join(' ')}`,
    )
  if (waiting.length > 0)
    call.line(
      `The following packages will be upgraded:\n  ${waiting.map(({ entry }) => entry.name).join(' ')}`,
    )
  call.line(`${waiting.length} upgraded, 0 newly installed, 0 to remove and ${kept.length} not upgraded.`)
  for (const { entry, from } of waiting) {
    const origin = entry.security ? 'Debian-Security:13/stable-security' : 'Debian:13.2/stable'
    if (simulate) {
      call.line(`Inst ${entry.name} [${from}] (${entry.version} ${origin} [amd64])`)
      call.line(`Conf ${entry.name} (${entry.version} ${origin} [amd64])`)
    } else await unpack(call, entry, from)
  }
  return 0
}

function remove(call: Call, names: readonly string[], purge: boolean): number {
  preface(call)
  for (const name of names) {
    if (!call.world.packages.installed.has(name)) {
      call.line(`Package '${name}' is not installed, so not removed`)
      continue
    }
    for (const unit of call.world.packages.catalogue.get(name)?.starts ?? []) {
      call.world.systemd.stop(unit)
      call.world.systemd.disable(unit)
    }
    call.world.packages.remove(name, purge)
    call.line(`Removing ${name} ...`)
  }
  return 0
}

export function aptCache(call: Call): number {
  const options = call.options('o', ['option'])
  const [verb, ...names] = options.operands
  const { packages } = call.world
  if (verb === 'policy') {
    for (const name of names) {
      const installed = packages.installed.get(name)
      const candidate = packages.candidate(name)
      if (!installed && !packages.catalogue.has(name)) continue
      const version = installed && installed.status !== 'config-files' ? installed.version : undefined
      call.line(
        `${name}:\n  Installed: ${version ?? '(none)'}\n  Candidate: ${candidate?.version ?? version ?? '(none)'}\n  Version table:`,
      )
      for (const known of new Set([candidate?.version, version].filter(item => item !== undefined))) {
        call.line(` ${known === version ? '***' : '   '} ${known} 500`)
        call.line(`        500 ${FAR} trixie/main amd64 Packages`)
        if (known === version) call.line('        100 /var/lib/dpkg/status')
      }
    }
    return 0
  }
  if (verb === 'show') {
    const entry = packages.candidate(names[0] ?? '')
    if (!entry) {
      call.err('E: No packages found\n')
      return 100
    }
    call.line(`Package: ${entry.name}\nVersion: ${entry.version}\n`)
    return 0
  }
  return verb === 'madison' ? 0 : call.fail(`E: Invalid operation ${verb}`, 100)
}

/** The configuration of apt: its folder's files in order, the last value wins, lists grow. */
export function aptConfig(call: Call): number {
  const options = call.options('co', ['config-file', 'option'])
  const { files } = call.process
  const folder = '/etc/apt/apt.conf.d'
  const texts =
    files.maybe(folder)?.kind === 'directory'
      ? files.names(folder).map(name => files.text(`${folder}/${name}`))
      : []
  const own = options.value('c', 'config-file')
  if (own !== undefined) texts.push(files.text(own))
  const entries: { name: string; value: string }[] = []
  for (const text of texts) {
    const problem = readConfiguration(text, entries)
    if (problem !== undefined) {
      call.err(`E: Syntax error ${own ?? folder}:1: ${problem}\n`)
      return 100
    }
  }
  const [, root = ''] = options.operands
  for (const { name, value } of entries)
    if (root === '' || name === root || name.startsWith(`${root}::`)) call.line(`${name} "${value}";`)
  return 0
}

function readConfiguration(text: string, entries: { name: string; value: string }[]): string | undefined {
  const plain = text.replace(/\/\/.*|^\s*#.*/gm, '').replace(/\/\*[\s\S]*?\*\//g, '')
  const scopes: string[] = []
  for (const [token, , name, value, bare] of plain.matchAll(
    /(([\w:/.-]+)\s+"([^"]*)"\s*;)|"([^"]*)"\s*;|([\w:/.-]+)\s*\{|\}\s*;?/g,
  )) {
    const prefix = scopes.join('::')
    if (name !== undefined) {
      const full = prefix === '' ? name : `${prefix}::${name}`
      const before = full.endsWith('::') ? undefined : entries.find(entry => entry.name === full)
      if (before) before.value = value ?? ''
      else entries.push({ name: full, value: value ?? '' })
    } else if (bare !== undefined) entries.push({ name: `${prefix}::`, value: bare })
    else if (token.endsWith('{')) scopes.push(token.replace(/\s*\{$/, ''))
    else scopes.pop()
  }
  return scopes.length > 0 ? 'Extra junk at end of file' : undefined
}

export function aptMark(call: Call): number {
  const [verb, ...names] = call.options().operands
  const { installed } = call.world.packages
  if (verb === 'showhold') for (const entry of installed.values()) if (entry.hold) call.line(entry.name)
  for (const name of names) {
    const entry = installed.get(name)
    if (entry && (verb === 'hold' || verb === 'unhold')) {
      entry.hold = verb === 'hold'
      call.line(verb === 'hold' ? `${name} set on hold.` : `Canceled hold on ${name}.`)
    }
  }
  return 0
}

export function dpkg(call: Call): number {
  const options = call.options('', ['print-architecture', 'force'].slice(2))
  const { packages } = call.world
  if (options.has('print-architecture')) call.line('amd64')
  else if (options.has('audit', 'C')) {
    const broken = [...packages.installed.values()].filter(
      ({ status }) => status === 'half-configured' || status === 'unpacked',
    )
    if (broken.length === 0) return 0
    call.line(
      'The following packages are only half configured, probably due to problems\nconfiguring them the first time.  The configuration should be retried using\ndpkg --configure <package> or the configure menu option in dselect:',
    )
    for (const { name } of broken) call.line(` ${name.padEnd(20)} `)
    return 1
  } else if (options.has('configure'))
    for (const entry of packages.installed.values())
      if (entry.status === 'half-configured' || entry.status === 'unpacked') entry.status = 'installed'
  if (options.has('l', 's', 'compare-versions')) return dpkgQuery(call)
  return 0
}

export function dpkgQuery(call: Call): number {
  const options = call.options('f', ['showformat'])
  const { packages } = call.world
  if (options.has('S', 'search')) {
    let status = 0
    for (const path of options.operands) {
      const owner = packages.ownerOf(path)
      if (owner) call.line(`${owner}: ${path}`)
      else {
        call.err(`dpkg-query: no path found matching pattern ${path}\n`)
        status = 1
      }
    }
    return status
  }
  const format = options.value('f', 'showformat')?.replace(/^=/, '') ?? '${Package}\t${Version}\n'
  let status = 0
  const all = [...packages.installed.values()]
  const chosen = options.operands.length === 0 ? all : []
  for (const pattern of options.operands) {
    const test = new RegExp(`^${pattern.replace(/[.+]/g, '\\$&').replaceAll('*', '.*')}$`)
    const found = all.filter(({ name }) => test.test(name))
    if (found.length === 0) {
      call.err(`dpkg-query: no packages found matching ${pattern}\n`)
      status = 1
    }
    chosen.push(...found)
  }
  for (const { name, version, hold, status: state } of chosen) {
    const words: Readonly<Record<string, string>> = {
      Package: name,
      'binary:Package': name,
      Version: version,
      Architecture: 'amd64',
      'db:Status-Status': state,
      'db:Status-Want': hold ? 'hold' : 'install',
      'db:Status-Eflag': 'ok',
      'db:Status-Abbrev': hold ? 'hi ' : 'ii ',
      Status: `${hold ? 'hold' : 'install'} ok ${state}`,
    }
    call.out(
      format
        .replace(/\$\{([^}]+)\}/g, (_, key: string) => words[key] ?? '')
        .replaceAll('\\n', '\n')
        .replaceAll('\\t', '\t'),
    )
  }
  return status
}
