import { expect, test } from 'vitest'
import { parseComposeFiles } from '../../../src/facts/compose-files.ts'

test('files that containers run from come first, with how many', () => {
  const text = `runs /opt/webshop/docker-compose.prod.yml
runs /opt/webshop/docker-compose.prod.yml,/opt/webshop/override.yml
runs 
lies /opt/webshop/docker-compose.prod.yml
lies /opt/old/docker-compose.yml
`
  expect(parseComposeFiles(text)).toEqual([
    { path: '/opt/webshop/docker-compose.prod.yml', running: 2 },
    { path: '/opt/old/docker-compose.yml', running: 0 },
  ])
})

test('a server without any has none', () => {
  expect(parseComposeFiles('')).toEqual([])
})
