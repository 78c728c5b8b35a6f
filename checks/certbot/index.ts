/** Certbot's checks on the server itself; what it is served with belongs elsewhere. */

import type { AnyCheck } from '../../src/model/check.ts'
import { certbotInstalled } from './installed.ts'
import { renewalTimer } from './renewal-timer.ts'

export { certbotInstalled, renewalTimer }

export const certbotChecks: readonly AnyCheck[] = [certbotInstalled, renewalTimer]
