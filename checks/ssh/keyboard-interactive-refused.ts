import { z } from 'zod'
import { check } from '../../src/model/check.ts'
import { deployUser } from '../parameters.ts'
import { harden } from './harden.ts'
import { judgeMethod } from './method-refused.ts'

export const keyboardInteractiveRefused = check({
  id: 'ssh/keyboard-interactive-refused',
  title: 'Keyboard-interactive login is refused',
  why: 'With PAM this is password login under another name: it stays open when only PasswordAuthentication is turned off. As a second factor after a key it is welcome.',
  params: z.object({ deployUser }),
  after: ['ssh/configuration-valid'],
  remedies: [harden],
  probe: context => judgeMethod(context, 'keyboard-interactive'),
})
