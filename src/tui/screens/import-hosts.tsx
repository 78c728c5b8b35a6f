/** Taking servers over from the OpenSSH client configuration. It stays the one that says how they are reached. */

import { useWindowSize } from 'ink'
import { useState } from 'react'
import { Environment } from '../../model/target.ts'
import { environmentTone } from '../components/header.tsx'
import { type Entry, entryColumns, List, listWhereabouts, useSelection } from '../components/list.tsx'
import { insideColumns, insideRows, Panel } from '../components/panel.tsx'
import { Rows } from '../components/rows.tsx'
import { Screen } from '../components/screen.tsx'
import { prose } from '../documents/build.ts'
import { keyTable, movement } from '../keys.ts'
import { spread } from '../lines.ts'
import type { TargetDraft } from '../services.ts'
import { useTheme } from '../theme.ts'
import { count } from '../words.ts'

export const importKeys = keyTable({
  mark: { keys: [' '], shown: 'space', hint: 'mark', help: 'Mark the host, or take the mark away' },
  environment: {
    keys: ['left', 'right', 'tab'],
    shown: '←→',
    hint: 'what it is for',
    help: 'Production, staging or practice',
  },
  add: { keys: ['enter'], shown: '↵', hint: 'add', help: 'Add what is marked; nothing is marked: this one' },
  all: { keys: ['a'], shown: 'a', hint: 'mark all', help: 'Mark every host, or none' },
  ...movement,
  back: { keys: ['escape'], shown: 'Esc', hint: 'back', help: 'Back, adding nothing' },
})

interface ImportHostsProps {
  /** Undefined while they are being read. */
  readonly hosts: readonly string[] | undefined
  readonly problem?: string
  readonly onAdd: (drafts: readonly TargetDraft[]) => void
  readonly onBack: () => void
}

/** When in doubt, a server is one that people depend on. */
const UNSURE: Environment = 'production'

export function ImportHosts({ hosts = [], problem, onAdd, onBack }: ImportHostsProps) {
  const { columns, rows } = useWindowSize()
  const { symbols } = useTheme()
  const [marked, setMarked] = useState<ReadonlySet<string>>(new Set())
  const [kinds, setKinds] = useState<Readonly<Record<string, Environment>>>({})
  const width = insideColumns(columns)
  const kindOf = (host: string) => kinds[host] ?? UNSURE
  const entries = hosts.map((host): Entry => {
    const isMarked = marked.has(host)
    const mark = isMarked ? symbols.pass : symbols.waiting
    const kind = kindOf(host)
    return {
      id: host,
      line: spread(
        [{ text: `${mark} `, tone: isMarked ? 'accent' : 'muted' }, { text: host }],
        [{ text: kind.toUpperCase().padEnd(12), tone: environmentTone[kind] }],
        entryColumns(width),
        symbols.ellipsis,
      ),
    }
  })
  const head = prose(
    { width, symbols },
    'Hosts of your OpenSSH configuration that are not in the list yet. Their address, user and keys stay there.',
    'muted',
  )
  const listRows = insideRows(rows - 2) - head.length - 1
  const selection = useSelection(entries, listRows)
  const { selected } = selection
  const toggle = (host: string) => {
    const next = new Set(marked)
    if (!next.delete(host)) next.add(host)
    setMarked(next)
  }
  const nextKind = (host: string) => {
    const all = Environment.options
    const kind = all[(all.indexOf(kindOf(host)) + 1) % all.length] ?? UNSURE
    setKinds({ ...kinds, [host]: kind })
  }
  const chosen =
    marked.size > 0 ? hosts.filter(host => marked.has(host)) : hosts.filter(host => host === selected)
  const foot = listWhereabouts(entries, selected, listRows)
  const empty =
    problem ??
    'There is no host to add: every Host without a wildcard in ~/.ssh/config is in the list, or there is none. Esc, then n, adds one by its address.'
  return (
    <Screen
      trail={{ path: ['import'] }}
      status={{ text: marked.size === 0 ? '' : `${marked.size} marked`, tone: 'accent' }}
      keys={importKeys}
      handlers={{
        ...(entries.length > 1 ? selection.handlers : {}),
        mark: selected === undefined ? undefined : () => toggle(selected),
        environment: selected === undefined ? undefined : () => nextKind(selected),
        add:
          chosen.length === 0
            ? undefined
            : () => onAdd(chosen.map(host => ({ name: host, host, environment: kindOf(host) }))),
        all:
          entries.length > 1
            ? () => setMarked(new Set(marked.size === hosts.length ? [] : hosts))
            : undefined,
        back: onBack,
      }}
    >
      <Panel
        title="Hosts of your OpenSSH configuration"
        aside={count(hosts.length, 'host')}
        columns={columns}
        rows={rows - 2}
        isFocused
        {...(foot === undefined ? {} : { foot })}
      >
        {hosts.length === 0 ? (
          <Rows lines={prose({ width, symbols }, empty)} width={width} />
        ) : (
          <>
            <Rows lines={[...head, []]} width={width} />
            <List entries={entries} selected={selected} columns={width} rows={listRows} isFocused />
          </>
        )}
      </Panel>
    </Screen>
  )
}
