/** Bundles the program into dist/, or the folder given: one launcher and chunks that load when they are needed. */

import { chmodSync, readFileSync, renameSync, rmSync } from 'node:fs'
import { resolve } from 'node:path'
import { fileURLToPath } from 'node:url'
import { rolldown } from 'rolldown'
import { quickWidths } from './quick-widths.ts'

const root = fileURLToPath(new URL('..', import.meta.url))
const { version } = JSON.parse(readFileSync(`${root}package.json`, 'utf8')) as { version: string }

const bundle = await rolldown({
  // The practice server is a program of its own: what starts it loads none of its world.
  input: { kneeboard: `${root}src/kneeboard.ts`, practice: `${root}src/practice/child.ts` },
  platform: 'node',
  // ssh2's native parts are optional and slower to install than to do without; Ink's development tools stay out.
  // jsonc-parser's main entry is UMD, which hides its requires from a bundler.
  resolve: { mainFields: ['module', 'main'] },
  plugins: [quickWidths],
  external: [/\.node$/, 'cpu-features', 'react-devtools-core'],
  transform: {
    define: {
      'process.env.NODE_ENV': '"production"',
      'process.env.KNEEBOARD_VERSION': JSON.stringify(version),
      // ssh2 is CommonJS and asks where it lies, which a module of today calls otherwise.
      __dirname: 'import.meta.dirname',
      __filename: 'import.meta.filename',
    },
  },
  logLevel: 'warn',
})
// Written beside and renamed: a build that fails leaves the one before in place.
const folder = resolve(process.argv[2] ?? `${root}dist`)
const next = `${folder}.next`
rmSync(next, { recursive: true, force: true })
await bundle.write({
  dir: next,
  format: 'esm',
  minify: true,
  entryFileNames: '[name].js',
  chunkFileNames: 'chunks/[name]-[hash].js',
})
await bundle.close()
chmodSync(`${next}/kneeboard.js`, 0o755)
rmSync(folder, { recursive: true, force: true })
renameSync(next, folder)
