/** A form as data: fields, their values, what is wrong with them, and what a key press makes of it. Pure. */

import type { Choice } from '../model/discovery.ts'
import type { KeyPress } from './keys.ts'
import { insert, type TextValue, textValue, typeKey } from './text-field.ts'

export interface FieldSpec {
  readonly name: string
  readonly label: string
  /** What it is for, under the field. */
  readonly help: string
  readonly kind: 'text' | 'choice'
  /** For a choice: its values. */
  readonly options: readonly string[]
  /** For a text: values that the server has, to be put in instead of typed. */
  readonly found: readonly Choice[]
  /** Why the server could not say anything about it, as a sentence without a full stop. */
  readonly notFound?: string
  readonly initial: string
  readonly placeholder: string
  /** Where the initial value comes from, in a word or two; '' where that needs no saying. */
  readonly source: string
  /** What is wrong with a text, as a sentence without a full stop; undefined when it is right. */
  problem(text: string, others: Readonly<Record<string, string>>): string | undefined
}

export interface FormState {
  readonly values: Readonly<Record<string, TextValue>>
  readonly focus: number
  /** Fields that were left once, so that a half-typed value is not called wrong. */
  readonly touched: readonly string[]
}

/** @param texts what was typed before, instead of the fields' own beginnings. */
export function beginForm(
  fields: readonly FieldSpec[],
  texts: Readonly<Record<string, string>> = {},
): FormState {
  return {
    values: Object.fromEntries(fields.map(({ name, initial }) => [name, textValue(texts[name] ?? initial)])),
    focus: 0,
    touched: [],
  }
}

/** The texts of all fields. */
export function textsOf(state: FormState): Record<string, string> {
  return Object.fromEntries(Object.entries(state.values).map(([name, { text }]) => [name, text]))
}

/** What is wrong, by field. */
export function problemsOf(fields: readonly FieldSpec[], state: FormState): Record<string, string> {
  const texts = textsOf(state)
  const found: Record<string, string> = {}
  for (const field of fields) {
    const problem = field.problem(texts[field.name] ?? '', texts)
    if (problem !== undefined) found[field.name] = problem
  }
  return found
}

/** Moves the focus, and marks the field that is left as touched. */
export function focusField(fields: readonly FieldSpec[], state: FormState, focus: number): FormState {
  const left = fields[state.focus]
  return {
    ...state,
    focus: Math.min(Math.max(0, focus), fields.length - 1),
    touched:
      left === undefined || state.touched.includes(left.name) ? state.touched : [...state.touched, left.name],
  }
}

/** Everything touched, and the first wrong field focused: what handing in a wrong form does. */
export function showProblems(fields: readonly FieldSpec[], state: FormState): FormState {
  const problems = problemsOf(fields, state)
  const first = fields.findIndex(field => problems[field.name] !== undefined)
  return {
    ...state,
    touched: fields.map(field => field.name),
    focus: first === -1 ? state.focus : first,
  }
}

/** A key press in the focused field; undefined when it is none of its own. */
export function pressInForm(
  fields: readonly FieldSpec[],
  state: FormState,
  press: KeyPress,
): FormState | undefined {
  const field = fields[state.focus]
  if (field === undefined) return undefined
  const value = state.values[field.name] ?? textValue('')
  const next = field.kind === 'choice' ? chooseKey(field, value, press) : typeKey(value, press)
  return next === undefined ? undefined : withValue(state, field.name, next)
}

/** The next of the values that the server has, after the one that stands in the field. */
export function putNextFound(fields: readonly FieldSpec[], state: FormState): FormState {
  const field = fields[state.focus]
  if (field === undefined || field.found.length === 0) return state
  const at = field.found.findIndex(({ value }) => value === state.values[field.name]?.text)
  const next = field.found[(at + 1) % field.found.length]
  return next === undefined ? state : withValue(state, field.name, textValue(next.value))
}

/** Pasted text goes in as text; a choice takes none. */
export function pasteInForm(fields: readonly FieldSpec[], state: FormState, text: string): FormState {
  const field = fields[state.focus]
  if (field === undefined || field.kind === 'choice') return state
  return withValue(state, field.name, insert(state.values[field.name] ?? textValue(''), text))
}

function chooseKey(field: FieldSpec, value: TextValue, press: KeyPress): TextValue | undefined {
  const at = field.options.indexOf(value.text)
  const step = { left: -1, h: -1, right: 1, l: 1, ' ': 1 }[press.name]
  if (step === undefined) return undefined
  const count = field.options.length
  return textValue(field.options[(at + step + count) % count] ?? value.text)
}

function withValue(state: FormState, name: string, value: TextValue): FormState {
  return { ...state, values: { ...state.values, [name]: value } }
}
