/** The practice shell does what a POSIX shell does: held against dash where this machine has it, and against fixed answers. */

import { execFileSync } from 'node:child_process'
import { existsSync } from 'node:fs'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { World } from '../../../src/practice/world/world.ts'
import { run, worldOf } from './machine.ts'

let world: World
beforeAll(async () => {
  world = await worldOf('bare')
}, 60_000)
afterAll(() => world.end())

/** Scripts whose output and exit status are the same in every POSIX shell. */
const SCRIPTS: Readonly<Record<string, string>> = {
  'quotes and expansions': `a="x  y"; echo $a "$a" '$a' \\$a "\${b:-no b}" \${#a} "\${a%y}" "\${a#x}" "\${a%% *}"`,
  'empty arguments': `set -- "" a ""; echo $# "$@"; set --; echo $# "$@"`,
  'fields keep what is quoted': `set -- $(printf 'a b\\nc') "d e"; echo $#; printf '<%s>' "$@"`,
  'IFS of another kind': `IFS=:; set -- $(echo 'a::b:'); echo $#; IFS=' '; read -r x y <<E\n  one  two three \nE\necho "$x|$y"`,
  'here-documents': `x=1; cat <<E\n$x \\$x \${x}\nE\ncat <<'E'\n$x\nE\ncat <<-E\n\tgone\n\tE`,
  'command substitution drops the newlines at its end': `x=$(printf 'a\\n\\nb\\n\\n'); printf '[%s]' "$x"; echo "\`echo back\`"`,
  arithmetic: `i=3; echo $((i * 2 + 1)) $((i > 2 ? 7 : 8)) $((010)) $(( (1 + 2) * 3 % 4 )); : $((i += 2)); echo $i`,
  'case and its patterns': `for w in abc a1 '*' ''; do case $w in a[a-z]c) echo letters ;; a[0-9]) echo digit ;; '*') echo star ;; '') echo empty ;; esac; done`,
  'functions, local and return': `f() { local x=in; x=$x$1; echo $x; return 3; }; x=out; f 1; echo $? $x`,
  'errexit stands back in conditions': `set -e; if false; then :; fi; false || echo caught; ! true; f() { false; echo after; }; f || :; false; echo never`,
  'a failed assignment ends it': `set -e; x=$(false); echo never`,
  'an unset variable ends it': `set -u; echo before; echo $nothing; echo never`,
  'pipelines run at the same time': `yes() { i=0; while [ $i -lt 3 ]; do echo $i; i=$((i + 1)); done; }; yes | while read -r n; do echo "got $n"; done; echo $?`,
  'descriptors move': `{ echo out; echo err >&2; } 2>&1 >/dev/null | tr a-z A-Z; exec 3>&1; echo three >&3`,
  'a subshell keeps its changes': `x=1; (x=2; cd /; echo $x); echo $x`,
  'a trap at the end': `trap 'echo bye $?' EXIT; echo hello; exit 4`,
  'a trap for a signal': `trap 'echo caught' TERM; kill -TERM $$; echo after`,
  'background, wait and status': `(exit 7) & wait $!; echo $?; sleep 0 & wait; echo $?; wait 99999; echo $?`,
  'break and continue over two loops': `for a in 1 2; do for b in 1 2; do [ $b = 2 ] && continue 2; echo $a$b; done; done; while :; do break; done`,
  'read without a last newline': `printf 'a\\nb' | { while read -r l || [ -n "$l" ]; do echo "<$l>"; done; }`,
  'exec takes the place': `exec echo replaced; echo never`,
  'not found': `nosuchcommand 2>/dev/null; echo $?`,
  'eval and dollar at': `set -- 'echo "a  b"' ; eval "$1"; set -- a b; for x; do echo $x; done; shift; echo $1`,
  'timeout ends a group': `timeout 0.2 sh -c 'sleep 5; echo never'; echo $?`,
  'umask and modes': `umask 077; f=$(mktemp); stat -c %a "$f"; chmod u=rwx,go=rx "$f"; stat -c %a "$f"; rm "$f"`,
  sed: `printf 'a=1\\nb=2\\nc=3\\n' | sed -n -e 's/^b=\\(.*\\)/[\\1]/p' -e '$p'; printf 'x y\\n' | sed -E 's/(x) (y)/\\2 \\1/; s/^/> /'; printf '1\\n2\\n3\\n4\\n' | sed '2,3d'`,
  awk: `printf 'a 1\\nb 2\\nc 3\\n' | awk '$2 > 1 { sum += $2; names = names $1 } END { print names, sum, length(names); printf "%03d|%-4s|\\n", 7, "ab" }'; echo 'k: "v"' | awk '{ sub(/".*"/, "\\"\\""); print }'`,
  'awk over files': `d=$(mktemp -d); cd "$d"; printf '1\\n2\\n' >a; printf '3' >b; awk '{ print FILENAME, FNR, NR, $1 }' a b; cd /; rm -r "$d"`,
  'sort, uniq, cut, tr': `printf 'b 2\\na 10\\na 10\\n' | sort -u | cut -d' ' -f2 | tr '\\n' ,; printf '10\\n9\\n' | sort -n | head -n 1; printf 'aab' | tr -s a; printf 'a\\nb\\n' | tail -n +2`,
  grep: `printf 'one\\ntwo\\nthree\\n' | grep -c t; printf 'a.b\\naxb\\n' | grep -F a.b; printf 'x1\\ny2\\n' | grep -oE '[0-9]+'; echo a | grep -q b; echo $?`,
  'sums and encodings': `printf abc | sha256sum | cut -c1-16; printf 'hello' | base64; printf 'aGVsbG8=' | base64 -d; echo; printf 'AB' | od -An -tx1`,
  'test knows files': `d=$(mktemp -d); : > "$d/f"; [ -f "$d/f" ] && [ ! -s "$d/f" ] && [ -d "$d" ] && echo yes; ln -s f "$d/l"; [ -L "$d/l" ] && readlink "$d/l"; rm -r "$d"; [ -e "$d" ] || echo gone`,
  'globs and their order': `d=$(mktemp -d); cd "$d"; touch b a .h c1; echo *; echo [ab]; echo nothing*; cd /; rm -r "$d"`,
}

describe('the practice shell', () => {
  for (const [name, script] of Object.entries(SCRIPTS))
    test.skipIf(!existsSync('/bin/dash'))(`answers as dash: ${name}`, async () => {
      const expected = dash(script)
      const { out, status } = await run(world, script)
      expect({ out, status }).toEqual(expected)
    })

  test('says not found with 127, and records only what no program of this world is called', async () => {
    const { err, status } = await run(world, 'zfs list')
    expect(err).toContain('zfs: not found')
    expect(status).toBe(127)
    expect(world.machine.lacking).toContain('zfs')
    await run(world, 'ufw status')
    expect(world.machine.lacking).not.toContain('ufw')
  })

  test('a lock is gone with the last descriptor of its open file', async () => {
    const { out } = await run(
      world,
      `exec 9>>/tmp/lock; flock -n 9 && echo had; flock -s -n /tmp/lock true || echo busy; exec 9>&-; flock -n /tmp/lock true && echo free`,
    )
    expect(out).toBe('had\nbusy\nfree\n')
  })

  test('a full disk says so, and loses nothing', async () => {
    const { out } = await run(
      world,
      `echo kept >/tmp/kept; fallocate -l 100G /tmp/huge; echo more >/tmp/kept.new || echo "status $?"; cat /tmp/kept; rm -f /tmp/huge; echo again >/tmp/kept.new && cat /tmp/kept.new`,
    )
    expect(out).toContain('kept\n')
    expect(out).toContain('again\n')
  })
})

function dash(script: string): { out: string; status: number } {
  try {
    return {
      out: execFileSync('/bin/dash', ['-c', script], {
        env: { PATH: process.env.PATH, LC_ALL: 'C', TZ: 'UTC' },
        stdio: ['ignore', 'pipe', 'ignore'],
      }).toString('latin1'),
      status: 0,
    }
  } catch (error) {
    const { stdout, status } = error as { stdout: Buffer; status: number }
    return { out: stdout.toString('latin1'), status }
  }
}
