/** Draws a form: label and field on one row, what is wrong under it, words about the focused field at the foot. */

import { Box, Text } from 'ink'
import type { FieldSpec, FormState } from '../form.ts'
import { cut, wrapWords } from '../lines.ts'
import { windowFor } from '../scroll.ts'
import { useTheme } from '../theme.ts'
import { TextInput } from './text-input.tsx'

interface FormProps {
  readonly fields: readonly FieldSpec[]
  readonly state: FormState
  readonly problems: Readonly<Record<string, string>>
  readonly columns: number
  readonly rows: number
}

/** Rows under the fields for the words about the focused one. */
const HELP_ROWS = 4
const PROBLEM_ROWS = 2

export function Form({ fields, state, problems, columns, rows }: FormProps) {
  const { tones, symbols } = useTheme()
  const here = fields[state.focus]
  const foundWords = here === undefined ? '' : foundLine(here, state)
  const helpRows =
    HELP_ROWS + (fields.some(({ found, notFound }) => found.length > 0 || notFound !== undefined) ? 1 : 0)
  const room = Math.max(1, rows - helpRows)
  const shown = new Set(
    fields.filter(field => isProblemShown(field, state, problems)).map(({ name }) => name),
  )
  const labelColumns = Math.min(24, Math.max(...fields.map(field => field.label.length)) + 2)
  const sourceColumns = Math.min(24, Math.max(...fields.map(field => sourceOf(field, state).length)))
  const valueColumns = columns - labelColumns - 2
  const wordsFor = (field: FieldSpec): string[] =>
    shown.has(field.name)
      ? wrapWords(`${symbols.fail} ${problems[field.name] ?? ''}`, valueColumns).slice(0, PROBLEM_ROWS)
      : []
  const problemRows = fields.reduce((sum, field) => sum + wordsFor(field).length, 0)
  const gap = fields.length * 2 + problemRows <= room ? 1 : 0
  const fitting = Math.max(1, Math.min(fields.length, Math.floor((room - problemRows) / (1 + gap))))
  const top = windowFor(state.focus, 0, fields.length, fitting)
  const help = wrapWords(here?.help ?? '', columns).slice(0, HELP_ROWS - 2)
  return (
    <Box flexDirection="column" flexShrink={0} width={columns} height={rows}>
      <Box flexDirection="column" flexShrink={0} height={room}>
        {fields.slice(top, top + fitting).map((field, index) => (
          <Box key={field.name} flexDirection="column" flexShrink={0} marginBottom={gap}>
            <FormField
              field={field}
              state={state}
              words={wordsFor(field)}
              isFocused={top + index === state.focus}
              columns={columns}
              labelColumns={labelColumns}
              sourceColumns={sourceColumns}
            />
          </Box>
        ))}
      </Box>
      <Box flexDirection="column" flexShrink={0} height={helpRows}>
        <Text {...tones.muted}>{symbols.rule.repeat(columns)}</Text>
        <Text wrap="truncate">{help.join('\n')}</Text>
        {foundWords === '' ? null : (
          <Text wrap="truncate" {...tones.accent}>
            {cut(foundWords, columns, symbols.ellipsis)}
          </Text>
        )}
      </Box>
    </Box>
  )
}

/** Which of the values that the server has stands in the field, and what tells it from the others; or why there are none. */
function foundLine({ name, found, notFound }: FieldSpec, state: FormState): string {
  if (notFound !== undefined) return `Not found: ${notFound}`
  if (found.length === 0) return ''
  const at = found.findIndex(({ value }) => value === state.values[name]?.text)
  const note = found[at]?.note ?? ''
  const which = at === -1 ? `${found.length} found on the server` : `${at + 1} of ${found.length} found`
  return note === '' ? which : `${which}: ${note}`
}

/** A half-typed value is not called wrong while nothing is in the field yet. */
function isProblemShown(
  field: FieldSpec,
  state: FormState,
  problems: Readonly<Record<string, string>>,
): boolean {
  if (problems[field.name] === undefined) return false
  return state.touched.includes(field.name) || state.values[field.name]?.text !== field.initial
}

/** Where a value comes from; one that was changed here comes from here. */
function sourceOf(field: FieldSpec, state: FormState): string {
  if (field.source === '') return ''
  return state.values[field.name]?.text === field.initial ? field.source : 'changed'
}

interface FormFieldProps {
  readonly field: FieldSpec
  readonly state: FormState
  /** What is wrong with it, in rows. */
  readonly words: readonly string[]
  readonly isFocused: boolean
  readonly columns: number
  readonly labelColumns: number
  /** 0 where no field says where its value comes from. */
  readonly sourceColumns: number
}

function FormField(props: FormFieldProps) {
  const { field, state, words, isFocused, columns, labelColumns, sourceColumns } = props
  const { symbols, tones } = useTheme()
  const value = state.values[field.name] ?? { text: '', cursor: 0 }
  const room = columns - labelColumns - 2 - (sourceColumns === 0 ? 0 : sourceColumns + 1)
  return (
    <>
      <Box height={1} flexShrink={0}>
        <Box width={2} flexShrink={0}>
          <Text {...tones.accent}>{isFocused ? `${symbols.cursor} ` : '  '}</Text>
        </Box>
        <Box width={labelColumns} flexShrink={0}>
          <Text wrap="truncate" bold={isFocused}>
            {field.label}
          </Text>
        </Box>
        <Box width={room} flexShrink={0}>
          {field.kind === 'choice' ? (
            <Choice options={field.options} chosen={value.text} isFocused={isFocused} />
          ) : (
            <TextInput value={value} columns={room} isFocused={isFocused} placeholder={field.placeholder} />
          )}
        </Box>
        <Text wrap="truncate" {...tones.muted}>
          {sourceColumns === 0 ? '' : ` ${cut(sourceOf(field, state), sourceColumns, symbols.ellipsis)}`}
        </Text>
      </Box>
      {words.length === 0 ? null : (
        <Box height={words.length} flexShrink={0} paddingLeft={2 + labelColumns}>
          <Text {...tones.bad}>{words.join('\n')}</Text>
        </Box>
      )}
    </>
  )
}

interface ChoiceProps {
  readonly options: readonly string[]
  readonly chosen: string
  readonly isFocused: boolean
}

function Choice({ options, chosen, isFocused }: ChoiceProps) {
  const { tones } = useTheme()
  return (
    <Text wrap="truncate">
      {options.map((option, index) => {
        const isChosen = option === chosen
        return (
          <Text
            key={option}
            {...(isChosen ? (isFocused ? tones.accent : tones.strong) : tones.muted)}
            bold={isChosen}
          >
            {`${index === 0 ? '' : '  '}${isChosen ? `(${option})` : ` ${option} `}`}
          </Text>
        )
      })}
    </Text>
  )
}
