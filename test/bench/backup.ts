/**
 * What a backup of about a gigabyte costs the machine of the operator: the memory of Kneeboard's own process, and its
 * disk. Made on a real server of the lab, by the built program; left out where no lab is possible.
 */

import { spawn } from 'node:child_process'
import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { labIsPossible, openLab, startShopServer, targetArguments } from '../lab/index.ts'
import type { Figure } from './figure.ts'

const PROGRAM = fileURLToPath(new URL('../../dist/kneeboard.js', import.meta.url))
const MB = 1_048_576

/** Random bytes do not compress, so the dump is as large as the table. Rows of 8 kB, some 125 000 of them. */
const FILL = `CREATE TABLE bench_pictures (id bigint PRIMARY KEY, data bytea NOT NULL);
ALTER TABLE bench_pictures ALTER COLUMN data SET STORAGE EXTERNAL;
CREATE EXTENSION IF NOT EXISTS pgcrypto;
INSERT INTO bench_pictures SELECT n, part.bytes FROM generate_series(1, 125000) AS n
CROSS JOIN LATERAL (SELECT string_agg(gen_random_bytes(1024), ''::bytea) AS bytes FROM generate_series(1, 8) WHERE n > 0) AS part;
CHECKPOINT;`

export async function measureBackup(say: (what: string) => void): Promise<Figure[]> {
  const { possible, reason } = await labIsPossible()
  if (!possible) {
    say(`a backup of a gigabyte: left out, ${reason}`)
    return []
  }
  const lab = await openLab()
  try {
    say('a shop with a gigabyte of pictures in its database')
    const { server } = await startShopServer(lab)
    await server.must(
      `docker exec -i webshop-db-1 sh -c 'psql -X -q -v ON_ERROR_STOP=1 -U "$POSTGRES_USER" -d "$POSTGRES_DB"'`,
      { input: FILL, timeout: 900_000 },
    )
    const words = [...targetArguments(server), '--environment', 'staging', '--format', 'json']
    say('the same run without a backup to be made, to compare with')
    const look = await watch(['check', 'backup', ...words])
    say('the backup')
    const made = await watch(['run', 'backup', ...words, '--consent', 'reversible'])
    if (made.exitCode !== 0)
      throw new Error(`the run ended with ${made.exitCode}: ${made.stderr.slice(-2000)}`)
    const bytes = Number(await server.must('stat -c %s /opt/webshop/backups/*.dump | sort -n | tail -n 1'))
    const seconds = /"startedAt": "(.*)",\n.*"finishedAt": "(.*)"/.exec(
      await server.must('cat $(ls /opt/webshop/backups/*.manifest.json | tail -n 1)'),
    )
    const took =
      seconds === null ? Number.NaN : (Date.parse(seconds[2] ?? '') - Date.parse(seconds[1] ?? '')) / 1000
    return [
      { what: 'backup: size of the archive', figure: `${Math.round(bytes / MB)} MB` },
      { what: 'backup: dump, proof and checksum on the server', figure: `${took.toFixed(0)} s` },
      {
        what: 'backup: memory that it costs Kneeboard beside a mere look (peak)',
        figure: `${Math.max(0, made.peakMB - look.peakMB).toFixed(0)} MB`,
        limit: 'below 100 MB',
        isKept: made.peakMB - look.peakMB < 100,
      },
      { what: 'backup: memory of Kneeboard’s whole process (peak)', figure: `${made.peakMB.toFixed(0)} MB` },
      {
        what: 'backup: disk on the operator’s machine (journal)',
        figure: `${(made.diskBytes / MB).toFixed(1)} MB`,
        limit: 'below 5 MB',
        isKept: made.diskBytes < 5 * MB,
      },
    ]
  } finally {
    await lab.close()
  }
}

/** Runs the program in a home of its own; the kernel says how much memory it had at most, and the home what it wrote. */
async function watch(
  words: readonly string[],
): Promise<{ exitCode: number | null; stderr: string; peakMB: number; diskBytes: number }> {
  const home = mkdtempSync(join(tmpdir(), 'kneeboard-bench-'))
  const child = spawn(process.execPath, [PROGRAM, ...words], {
    env: { ...process.env, KNEEBOARD_HOME: home, TMPDIR: home },
    stdio: ['ignore', 'ignore', 'pipe'],
  })
  let stderr = ''
  child.stderr.on('data', data => {
    stderr += data
  })
  let peakMB = 0
  const timer = setInterval(() => {
    try {
      const status = readFileSync(`/proc/${child.pid}/status`, 'utf8')
      peakMB = Math.max(peakMB, Number(/^VmHWM:\s+(\d+) kB$/m.exec(status)?.[1] ?? 0) / 1024)
    } catch {
      // It has ended between two looks.
    }
  }, 100)
  const exitCode = await new Promise<number | null>(resolve => child.on('close', resolve))
  clearInterval(timer)
  const files = readdirSync(home, { recursive: true, withFileTypes: true }).filter(entry => entry.isFile())
  const diskBytes = files.reduce((sum, file) => sum + statSync(join(file.parentPath, file.name)).size, 0)
  rmSync(home, { recursive: true, force: true })
  return { exitCode, stderr, peakMB, diskBytes }
}
