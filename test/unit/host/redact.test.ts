import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { createRedactor } from '../../../src/host/redact.ts'
import { redactShapes } from '../../../src/host/secret-shapes.ts'
import { visible } from '../../../src/host/visible.ts'

const SECRET = `p'a$s"w0r\\d /+%`

describe('redaction by value', () => {
  const forms: Record<string, string> = {
    raw: SECRET,
    'Base64 alone': Buffer.from(SECRET).toString('base64'),
    Base64url: Buffer.from(SECRET).toString('base64url'),
    'in a URL': encodeURIComponent(SECRET),
    'in a form': encodeURIComponent(SECRET).replaceAll('%20', '+'),
    'in JSON': JSON.stringify(SECRET),
    'in single quotes of a shell': `'${SECRET.replaceAll("'", `'\\''`)}'`,
    'in double quotes of a shell': SECRET.replace(/(["\\$`])/g, '\\$1'),
    'in colours': `${SECRET.slice(0, 4)}\u001b[1;31m${SECRET.slice(4, 9)}\u001b[0m${SECRET.slice(9)}`,
    'with a hidden character': `${SECRET.slice(0, 4)}\u200b${SECRET.slice(4)}`,
  }

  it.each(Object.entries(forms))('finds it %s', (_, text) => {
    const redactor = createRedactor()
    redactor.learn('db', SECRET)
    const shown = redactor.redact(visible(`before ${text} after`))
    expect(shown).toContain('[secret:db]')
    expect(shown).toMatch(/^before .*after$/)
    for (let at = 0; at + 6 <= SECRET.length; at++) expect(shown).not.toContain(SECRET.slice(at, at + 6))
  })

  it('finds it as a part of something longer in Base64, whatever stands before it', () => {
    const secret = 'correct-horse-battery'
    const redactor = createRedactor()
    redactor.learn('db', secret)
    for (const before of ['', 'u', 'us', 'use', 'user:']) {
      const encoded = Buffer.from(`${before}${secret}\n`).toString('base64')
      const left = redactor.redact(`x ${encoded} y`).replace('[secret:db]', '')
      const core = Buffer.from(secret).toString('base64').slice(4, 16)
      expect(left).not.toContain(core)
      expect(left.length).toBeLessThan(20)
    }
  })

  it('finds every long line of a secret with many lines', () => {
    const redactor = createRedactor()
    redactor.learn('key', 'first-line-of-the-key\nsecond-line-of-the-key\n}\n')
    expect(redactor.redact('  second-line-of-the-key\n}')).toBe('  [secret:key]\n}')
  })

  it('leaves ordinary words alone although somebody uses them as a password', () => {
    const redactor = createRedactor()
    for (const word of ['postgres', 'abc', 'true', '12345']) redactor.learn('bad', word)
    expect(redactor.redact('postgres is true, abc 12345')).toBe('postgres is true, abc 12345')
  })

  it('never leaves a value in the text, whatever it and its surroundings are', () => {
    fc.assert(
      fc.property(
        fc.string({ minLength: 8, maxLength: 40 }).filter(value => value.trim().length >= 8),
        fc.string(),
        (value, around) => {
          const redactor = createRedactor()
          redactor.learn('x', value)
          expect(redactor.redact(`${around} ${value} ${around}`)).not.toContain(value.trim())
        },
      ),
    )
  })

  it('gives two values the names they were learnt by, the longer one first', () => {
    const redactor = createRedactor()
    redactor.learn('short', 'tiger-claw')
    redactor.learn('long', 'tiger-claw-and-more')
    expect(redactor.redact('tiger-claw-and-more tiger-claw')).toBe('[secret:long] [secret:short]')
  })

  it('is stable: a second pass changes nothing', () => {
    const redactor = createRedactor()
    redactor.learn('db', SECRET)
    const once = redactor.redact(`DB_PASSWORD=${SECRET} token: "abcdefgh"`)
    expect(redactor.redact(once)).toBe(once)
  })
})

const PEM = `-----BEGIN OPENSSH PRIVATE KEY-----\n${'b3BlbnNzaC1rZXktdjEAAAAABG5vbmUAAAAEbm9uZQAA\n'.repeat(3)}-----END OPENSSH PRIVATE KEY-----`

describe('redaction by shape', () => {
  it.each([
    [`key:\n${PEM}\nend`, 'key:\n[secret]\nend'],
    [PEM.slice(0, 100), '[secret]'],
    [`${PEM.slice(40)}\nend`, '[secret]\nend'],
    [JSON.stringify({ k: PEM }), '{"k":"[secret]"}'],
    ['POSTGRES_PASSWORD=hunter22', 'POSTGRES_PASSWORD=[secret]'],
    ['export DJANGO_SECRET_KEY="a b#c"', 'export DJANGO_SECRET_KEY="[secret]"'],
    ['{"Env":["REDIS_PASSWORD=abc$def","LANG=C"]}', '{"Env":["REDIS_PASSWORD=[secret]","LANG=C"]}'],
    ['  password: s3cret', '  password: [secret]'],
    ['"apiKey": "abc-def"', '"apiKey": "[secret]"'],
    ['mysql --password s3cret -h db', 'mysql --password [secret] -h db'],
    ['--secret-key=abcdef', '--secret-key=[secret]'],
    ['Authorization: Bearer abc.def', 'Authorization: Bearer [secret]'],
    ['> authorization: Basic dXNlcjpwYXNz', '> authorization: Basic [secret]'],
    ['Set-Cookie: sessionid=abcdef; Path=/', 'Set-Cookie: [secret]'],
    ['postgres://shop:p%40ss@db:5432/shop', 'postgres://shop:[secret]@db:5432/shop'],
    ['redis://:hunter2@cache', 'redis://:[secret]@cache'],
    [
      'https://0123456789abcdef0123456789abcdef@o1.ingest.sentry.io/2',
      'https://[secret]@o1.ingest.sentry.io/2',
    ],
    ['curl -u admin:letmein http://x', 'curl -u admin:[secret] http://x'],
    ['AKIAIOSFODNN7EXAMPLE', '[secret]'],
    [`x ghp_${'a1'.repeat(18)} y`, 'x [secret] y'],
    [`eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxIn0.${'x'.repeat(20)}`, '[secret]'],
    [`deploy:$y$j9T$${'a.'.repeat(15)}:19700:0:`, 'deploy:[secret]:19700:0:'],
    ['SENTRY_TOKEN=${SENTRY_TOKEN:-fallback1}', 'SENTRY_TOKEN=[secret]'],
    ['login failed, password: letmein for bob', 'login failed, password: [secret] for bob'],
    ['tried the passwords: hunter2 and others', 'tried the passwords: [secret] and others'],
    ['user bob password: letmein', 'user bob password: [secret]'],
    ['password: correct horse', 'password: [secret] horse'],
    ['REDIS_PASSWORD=${REDIS_PASSWORD:-hunter2}', 'REDIS_PASSWORD=[secret]'],
    ["password : 'hunter2'", "password : '[secret]'"],
    ["{ host :'db', password :'hunter2' }", "{ host :'db', password :'[secret]' }"],
    ["ALTER ROLE shop WITH PASSWORD 'hunter22'", "ALTER ROLE shop WITH PASSWORD '[secret]'"],
    ['SECRET_KEY=$(k3y!word', 'SECRET_KEY=[secret]'],
    ['SECRET_KEY=$(keyword', 'SECRET_KEY=[secret]'],
    ["password='$(hunter'", "password='[secret]'"],
    ['mysql --password $(hunter -h db', 'mysql --password [secret] -h db'],
    ['- password: the\n  user: bob', '- password: [secret]\n  user: bob'],
  ])('hides %j', (text, shown) => {
    expect(redactShapes(text)).toBe(shown)
  })

  it.each([
    'passwordauthentication no',
    'PasswordAuthentication=no',
    'passwd:         files systemd',
    'Last password change\t\t\t\t\t: Nov 21, 2026',
    'Password expires\t\t\t\t\t: never',
    'POSTGRES_PASSWORD_FILE=/run/secrets/postgres_password',
    'DB_PASSWORD=${DB_PASSWORD}',
    'DB_PASSWORD=${DB_PASSWORD:?must be set}',
    'token_lifetime: 3600',
    'ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIFrqSaBOhYNS3XmaeRbNdsGqO8wIhnKmJgFh0GQOBJkH ops@laptop',
    'SHA256:S8U2bToyHgqWBoxKMFKfySeJ1B6nCC/eFdQrjqtLkpA',
    '256 SHA256:abc root@x (ED25519)',
    'https://example.org/path?x=1',
    'user@example.org',
    'PASSWORD=',
    'sshd refuses passwords: /etc/ssh/sshd_config.d/00-kneeboard.conf:5 decides',
    'sshd refuses passwords: this file decides',
    'sshd refuses passwords: deploy was let in with a key only',
    'there is no secret: see the vault',
    'Passwords: two are weak',
    // Of scripts that are shown before they run.
    'PGPASSWORD=$(read_key /opt/webshop/backend/.env.production DB_PASSWORD)',
    '[ -n "$REDISCLI_AUTH" ] || REDISCLI_AUTH=${REDIS_PASSWORD:-}',
    `ALTER ROLE :"role" WITH PASSWORD :'password';`,
    String.raw`printf 'POSTGRES_USER=%s\nPOSTGRES_PASSWORD=%s\n' "$user" "$made" >"$work/env"`,
    'restrict && /^.restrict / { token = $2; next }',
    'docker volume inspect shop && date -u +%Y-%m-%dT%H:%M:%SZ',
  ])('leaves %j alone', text => {
    expect(redactShapes(text)).toBe(text)
  })

  it('stays fast on a megabyte made to slow it down', () => {
    const hostile = [
      'password'.repeat(125_000),
      'a'.repeat(1_000_000),
      '-----BEGIN RSA PRIVATE KEY-----'.repeat(30_000),
      `${'A'.repeat(76)}\n`.repeat(13_000),
      'http://a:'.repeat(110_000),
      'eyJaaaaaaaa.'.repeat(80_000),
      'secret="'.repeat(125_000),
      `token=${'\\"'.repeat(500_000)}`,
      ' '.repeat(1_000_000),
      'cookie:'.repeat(140_000),
    ]
    for (const text of hostile) {
      const started = performance.now()
      redactShapes(text)
      expect(performance.now() - started, text.slice(0, 20)).toBeLessThan(3000)
    }
  })
})
