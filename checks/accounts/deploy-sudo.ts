import { z } from 'zod'
import { type Account, account } from '../../src/facts/accounts.ts'
import { packageVersion } from '../../src/facts/packages.ts'
import { sudoWithoutPassword } from '../../src/facts/sudo.ts'
import { type Action, runAction, writeFile } from '../../src/model/action.ts'
import { check } from '../../src/model/check.ts'
import { Unreadable } from '../../src/model/command.ts'
import { remedy } from '../../src/model/remedy.ts'
import { sh } from '../../src/model/script.ts'
import { fail, pass, type Verdict, warn } from '../../src/model/verdict.ts'
import { aptInstall } from '../packages/install.ts'
import { deployUser, sudo } from '../parameters.ts'

const params = z.object({ deployUser, sudo })

/** sudo leaves out files with a dot in their name; user names hold none. */
const dropIn = (user: string): string => `/etc/sudoers.d/90-kneeboard-${user}`

export const grantSudo = remedy({
  id: 'accounts/grant-sudo',
  title: 'Let the deploy user become root',
  why: 'When root’s login is closed, sudo is the only way left to administer the server.',
  risk: 'Who has this user’s key has the whole server, as with root’s key until now. The new rule is checked by visudo before it takes effect: a broken one would stop sudo for everybody.',
  grade: 'reversible',
  params,
  async plan({ read, params, policy }) {
    const name = params.deployUser
    const user = await read(account, name)
    if (user === null) throw new Unreadable(`there is no user ${name}`)
    const missing = (await read(packageVersion, 'sudo')) === null ? ['sudo'] : []
    const granted = params.sudo === 'passwordless' ? passwordless(name) : askForPassword(user)
    return {
      actions: [
        ...aptInstall('Install sudo', missing, policy),
        ...(user.groups.includes('sudo')
          ? []
          : [
              runAction(
                'Add it to the group sudo',
                sh`PATH=$PATH:/usr/sbin:/sbin; usermod -aG sudo -- ${name}`,
              ),
            ]),
        ...granted,
      ],
      touches: [
        ...missing.map(item => `the package ${item}`),
        `the group sudo (member ${name})`,
        ...(params.sudo === 'passwordless' ? [dropIn(name)] : []),
      ],
      undo: `deluser ${name} sudo${params.sudo === 'passwordless' ? ` && rm ${dropIn(name)}` : ''}`,
      expectedSeconds: missing.length > 0 ? 15 : 2,
    }
  },
})

function passwordless(name: string): Action[] {
  const rule = `${name} ALL=(ALL:ALL) NOPASSWD: ALL\n`
  return [
    writeFile(dropIn(name), rule, {
      title: 'Let it use sudo without a password',
      mode: '0440',
      validate: sh`PATH=$PATH:/usr/sbin:/sbin; visudo -cf "$candidate"`,
    }),
  ]
}

/** A password is a secret of the person: Kneeboard neither makes one nor sees it. */
function askForPassword({ name, password }: Account): Action[] {
  if (password === 'usable') return []
  return [
    {
      type: 'ask',
      title: `Give ${name} a password`,
      instructions: [
        'Log in to the server as root in a second terminal.',
        `Run: passwd ${name}`,
        'Use a long one from a password manager: sudo asks for it, SSH does not accept it.',
      ],
    },
  ]
}

export const deploySudo = check({
  id: 'accounts/deploy-sudo',
  title: 'The deploy user can become root',
  why: 'Once root’s login is closed, a deploy user without sudo means that nobody can administer the server any more.',
  params,
  after: ['accounts/deploy-exists'],
  remedies: [grantSudo],
  async probe({ read, params }) {
    const name = params.deployUser
    const user = await read(account, name)
    if (user === null) return fail(`there is no user ${name}`)
    if (user.uid === 0) return pass(`${name} is root already`)
    const help = { expected: EXPECTED[params.sudo], remedies: [grantSudo] }
    if ((await read(packageVersion, 'sudo')) === null)
      return fail('sudo is not installed', { ...help, measured: 'not installed' })
    if (!user.groups.includes('sudo'))
      return fail(`${name} is not in the group sudo`, { ...help, measured: user.groups.join(', ') })
    const without = await read(sudoWithoutPassword, name)
    return params.sudo === 'passwordless' ? judgePasswordless(name, without) : judgePassword(user, without)
  },
})

const EXPECTED = {
  passwordless: 'in the group sudo, and root without a password',
  password: 'in the group sudo, and root with its own password',
} as const

function judgePasswordless(name: string, without: string | null): Verdict {
  const expected = EXPECTED.passwordless
  if (without === null)
    return pass(`${name} becomes root without a password`, { measured: 'root without a password', expected })
  return fail(`${name} is in the group sudo, but sudo asks for a password`, {
    measured: without,
    expected,
    telling: without,
    remedies: [grantSudo],
  })
}

function judgePassword({ name, password }: Account, without: string | null): Verdict {
  const expected = EXPECTED.password
  if (without === null)
    return warn(`${name} becomes root without a password, although a password was chosen`, {
      measured: 'root without a password',
      expected,
      advice: `See which rule allows it: \`sudo -l -U ${name}\` and \`grep -r NOPASSWD /etc/sudoers /etc/sudoers.d\`.`,
    })
  if (password !== 'usable')
    return fail(`${name} is in the group sudo, but has no password that sudo could ask for`, {
      measured: `password ${password}`,
      expected,
      remedies: [grantSudo],
    })
  return pass(`${name} becomes root with its password`, { measured: 'sudo asks for its password', expected })
}
