import { describe, expect, it } from 'vitest'
import { setEnvText } from '../../../src/engine/prepare.ts'
import { loginShellWord } from '../../../src/host/lane-script.ts'
import { SetEnvAction } from '../../../src/model/action.ts'
import { quote, sh } from '../../../src/model/script.ts'
import { HostName, Port, TargetName, UserName } from '../../../src/model/target.ts'

/** What breaks careless code: options, commands, other lines, other files. */
const HOSTILE = [
  '-oProxyCommand=touch /tmp/owned',
  '--',
  '-',
  '$(touch /tmp/owned)',
  '`touch /tmp/owned`',
  'a;touch /tmp/owned',
  'a|b',
  'a b',
  'a\nb',
  'a\0b',
  '../../etc/passwd',
  'a/b',
  "a'b",
  'a"b',
  '%h%p',
  '*',
  '',
  'аdmin',
  'ad\u200bmin',
  'ad\u202emin',
]

/** Threat 7: a value that becomes syntax. That quoting holds in every shell is proven in host/quoting.test.ts. */
describe('threat 7, injection through parameters', () => {
  it.each(HOSTILE)('%j is no host, no user, no target and no port', value => {
    expect(HostName.safeParse(value).success).toBe(false)
    expect(UserName.safeParse(value).success).toBe(false)
    expect(TargetName.safeParse(value).success).toBe(false)
    expect(Port.safeParse(value).success).toBe(false)
  })

  it('a template quotes every value, and refuses what no shell can carry', () => {
    for (const value of HOSTILE.filter(text => !text.includes('\0'))) {
      expect(sh`rm -- ${value}`.text).toBe(`rm -- ${quote(value)}`)
    }
    expect(() => sh`rm -- ${'a\0b'}`).toThrow(RangeError)
    expect(() => sh`sleep ${Number.NaN}`).toThrow(RangeError)
    expect(() => sh`sleep ${Number.POSITIVE_INFINITY}`).toThrow(RangeError)
  })

  it('a word for a login shell of any kind holds nothing that one of them reads differently', () => {
    for (const word of ["it's", 'a!b', 'a\\b', 'a\nb', 'a\0b']) {
      expect(() => loginShellWord(word)).toThrow(RangeError)
    }
  })

  it('a value in an env file sets its own key and no other', () => {
    expect(() => setEnvText('A=1\n', { A: 'x\nROOT=1' })).toThrow('holds a line break')
    expect(() => setEnvText('A=1\n', { A: 'x\rROOT=1' })).toThrow('holds a line break')
    expect(setEnvText('A=1\n', { A: '$(id)' })).toBe('A=$(id)\n')
    expect(SetEnvAction.shape.keys.safeParse({ 'A=1\nB': 'x' }).success).toBe(false)
  })
})
