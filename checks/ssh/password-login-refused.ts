import { z } from 'zod'
import { check } from '../../src/model/check.ts'
import { deployUser } from '../parameters.ts'
import { harden } from './harden.ts'
import { judgeMethod } from './method-refused.ts'

export const passwordLoginRefused = check({
  id: 'ssh/password-login-refused',
  title: 'Password login is refused',
  why: 'Every server on the internet is offered thousands of passwords a day. A file that says “no” may be overruled by one that is read before it, so only sshd’s effective configuration counts.',
  params: z.object({ deployUser }),
  after: ['ssh/configuration-valid'],
  remedies: [harden],
  probe: context => judgeMethod(context, 'password'),
})
