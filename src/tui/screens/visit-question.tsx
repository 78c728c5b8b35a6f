/** What a short connection asks before it is made: the host key, or a secret. Nothing else can come up there. */

import type { Trail } from '../components/header.tsx'
import type { Question } from '../questions.ts'
import { HostKey } from './questions.tsx'
import { Secret } from './secret.tsx'

interface VisitQuestionProps {
  readonly question: Question
  readonly trail: Trail
}

export function VisitQuestion({ question, trail }: VisitQuestionProps) {
  switch (question.kind) {
    case 'host-key':
      return (
        <HostKey
          key={question.id}
          request={question.request}
          trail={trail}
          state={undefined}
          onAnswer={question.answer}
        />
      )
    case 'secret':
      return (
        <Secret
          key={question.id}
          request={question.request}
          trail={trail}
          state={undefined}
          onAnswer={question.answer}
        />
      )
    default:
      return null
  }
}
