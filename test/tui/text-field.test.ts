import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { charactersOf, insert, type TextValue, textValue, typeKey } from '../../src/tui/text-field.ts'

function typed(start: TextValue, ...keys: string[]): TextValue {
  return keys.reduce((value, name) => {
    const press = [...name].length === 1 ? { name, text: name } : { name }
    return typeKey(value, press) ?? value
  }, start)
}

/** The text with its cursor as a bar. */
const shown = ({ text, cursor }: TextValue) => {
  const all = charactersOf(text)
  return `${all.slice(0, cursor).join('')}|${all.slice(cursor).join('')}`
}

describe('a line of text being typed', () => {
  const start = textValue('deploy the shop')

  test.each([
    [['x'], 'deploy the shopx|'],
    [['home', 'x'], 'x|deploy the shop'],
    [['ctrl+a', 'right', 'delete'], 'd|ploy the shop'],
    [['left', 'backspace'], 'deploy the sh|p'],
    [['ctrl+w'], 'deploy the |'],
    [['ctrl+w', 'ctrl+w'], 'deploy |'],
    [['left', 'left', 'ctrl+u'], '|op'],
    [['home', 'ctrl+right', 'ctrl+k'], 'deploy|'],
    [['alt+left', 'alt+left'], 'deploy |the shop'],
    [['ctrl+a', 'ctrl+e'], 'deploy the shop|'],
    [['home', 'left'], '|deploy the shop'],
  ])('%j gives %s', (keys, result) => {
    expect(shown(typed(start, ...keys))).toBe(result)
  })

  test('a key that is none of its own is left to the screen', () => {
    expect(typeKey(start, { name: 'enter' })).toBeUndefined()
    expect(typeKey(start, { name: 'escape' })).toBeUndefined()
    expect(typeKey(start, { name: 'ctrl+x' })).toBeUndefined()
  })

  test('one backspace takes one character as a person counts them', () => {
    expect(typed(textValue('a👩‍👩‍👧é'), 'backspace', 'backspace').text).toBe('a')
  })

  test('what is pasted is text: line breaks become spaces, controls are dropped', () => {
    expect(insert(textValue('a'), 'b\r\nc\x1b[31m\n').text).toBe('ab c[31m')
  })

  test('the cursor never leaves the text, whatever is pressed', () => {
    const key = fc.constantFrom(
      'left',
      'right',
      'home',
      'end',
      'backspace',
      'delete',
      'ctrl+w',
      'ctrl+k',
      'ctrl+u',
      'x',
      'é',
    )
    fc.assert(
      fc.property(fc.array(key, { maxLength: 60 }), keys => {
        const { text, cursor } = typed(start, ...keys)
        expect(cursor).toBeGreaterThanOrEqual(0)
        expect(cursor).toBeLessThanOrEqual(charactersOf(text).length)
      }),
    )
  })
})
