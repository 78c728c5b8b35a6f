import { describe, expect, it } from 'vitest'
import { secretsOfEnvText } from '../../../src/host/env-secrets.ts'

const valuesOf = (text: string): string[] => secretsOfEnvText(text).map(({ value }) => value)

describe('secrets of an env file', () => {
  it.each([
    ['DB_PASSWORD=correct', ['correct']],
    ['export API_TOKEN="a b c"', ['a b c']],
    ["  SECRET_KEY = 'x#y' # old", ['x#y']],
    ['PLAIN=abc # no', []],
    ['SMTP_PWD=letmein # ask Anna', ['letmein']],
    ['FLAVOUR=q7Rk2mXv9TbN4cLw8PzH', ['q7Rk2mXv9TbN4cLw8PzH']],
    ['DATABASE_URL=postgres://shop:p%40ss@db/shop', ['postgres://shop:p%40ss@db/shop', 'p@ss', 'p%40ss']],
    ['SENTRY_DSN=https://0a1b2c3d4e5f@o1.example.org/2', ['https://0a1b2c3d4e5f@o1.example.org/2']],
  ])('%s', (line, values) => {
    expect(valuesOf(line)).toEqual(values)
  })

  it.each([
    'DEBUG=false',
    'WORKERS=4',
    'ALLOWED_HOSTS=shop.example.org,www.shop.example.org',
    'POSTGRES_HOST=postgres',
    'SITE_URL=https://shop.example.org/',
    'DB_PASSWORD=',
    'DB_PASSWORD=${DB_PASSWORD}',
    'DB_PASSWORD_FILE=/run/secrets/db',
    'SECRET_KEY_FALLBACKS=',
    '# DB_PASSWORD=commented',
    'not an assignment',
  ])('%s holds none', line => {
    expect(valuesOf(line)).toEqual([])
  })
})
