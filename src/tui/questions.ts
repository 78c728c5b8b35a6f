/**
 * The queue of questions that a run asks the operator: the engine's `Operator` port and the connection's
 * `Prompter` port, both answered on the screen, one question at a time in the order asked.
 */

import type {
  ChoiceRequest,
  Consent,
  ConsentRequest,
  LockHeld,
  Operator,
  Review,
} from '../engine/operator.ts'
import type { RunState } from '../engine/state.ts'
import type { Prompter } from '../host/prompter.ts'
import { createPrompter, type HostKeyQuestion, type SecretQuestion } from './prompts.ts'

interface Asked<Kind extends string, Request, Answer> {
  /** Distinct for every question, so that the screen starts afresh for each. */
  readonly id: number
  readonly kind: Kind
  readonly request: Request
  /** The first answer counts, the others are ignored. */
  answer(answer: Answer): void
}

export type ManualRequest = Parameters<Operator['manual']>[0]

export type ConsentDecision = { readonly answer: Consent['answer']; readonly typed?: string }

export type Question =
  | Asked<'consent', ConsentRequest, ConsentDecision>
  | Asked<'choose', ChoiceRequest, string | null>
  | Asked<'manual', ManualRequest, 'done' | 'not-done'>
  | Asked<'lock', LockHeld, 'take-over' | 'stop'>
  | Asked<'review', RunState, Review>
  | Asked<'host-key', HostKeyQuestion, boolean>
  | Asked<'secret', SecretQuestion, readonly string[] | null>

type QuestionOf<Kind extends Question['kind']> = Extract<Question, { kind: Kind }>
type AnswerOf<Kind extends Question['kind']> = Parameters<QuestionOf<Kind>['answer']>[0]

export interface Questions {
  readonly operator: Operator
  readonly prompter: Prompter
  /** Answers whatever is open, and whatever comes later, with the answer that changes nothing. */
  close(): void
}

/**
 * @param by the operator's name at the time of an answer, for the journal.
 * @param onChange told the question at the head of the queue, or undefined when none is left.
 */
export function createQuestions(by: () => string, onChange: (head: Question | undefined) => void): Questions {
  const queue: { question: Question; refuse: () => void }[] = []
  let closed = false
  let lastId = 0

  function ask<Kind extends Question['kind']>(
    kind: Kind,
    request: QuestionOf<Kind>['request'],
    refusal: AnswerOf<Kind>,
  ): Promise<AnswerOf<Kind>> {
    if (closed) return Promise.resolve(refusal)
    return new Promise(resolve => {
      lastId += 1
      const id = lastId
      const answer = (value: AnswerOf<Kind>) => {
        const place = queue.findIndex(entry => entry.question.id === id)
        if (place === -1) return
        queue.splice(place, 1)
        resolve(value)
        if (place === 0) onChange(queue[0]?.question)
      }
      // TypeScript cannot relate the parts of a union that share one type parameter.
      const question = { id, kind, request, answer } as unknown as Question
      queue.push({ question, refuse: () => answer(refusal) })
      if (queue.length === 1) onChange(question)
    })
  }

  const operator: Operator = {
    async consent(request) {
      const { answer, typed } = await ask('consent', request, { answer: 'stop' })
      if (answer !== 'yes') return { answer, by: by() }
      return typed === undefined ? { answer, by: by() } : { answer, by: by(), typed }
    },
    choose: request => ask('choose', request, null),
    manual: request => ask('manual', request, 'not-done'),
    lockHeld: request => ask('lock', request, 'stop'),
    review: state => ask('review', state, { do: 'finish' }),
  }

  return {
    operator,
    prompter: createPrompter({
      hostKey: request => ask('host-key', request, false),
      secret: request => ask('secret', request, null),
    }),
    close() {
      closed = true
      for (const { refuse } of [...queue]) refuse()
    },
  }
}
