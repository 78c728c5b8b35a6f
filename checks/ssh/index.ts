/** SSH: who may log in, and how. In the order in which they are shown. */

import { configurationValid } from './configuration-valid.ts'
import { forbiddenLoginRefused } from './forbidden-login-refused.ts'
import { keyboardInteractiveRefused } from './keyboard-interactive-refused.ts'
import { operatorCanReturn } from './operator-can-return.ts'
import { passwordLoginRefused } from './password-login-refused.ts'
import { rootLoginClosed } from './root-login.ts'

export const sshChecks = [
  configurationValid,
  operatorCanReturn,
  passwordLoginRefused,
  keyboardInteractiveRefused,
  rootLoginClosed,
  forbiddenLoginRefused,
]
