/** The application's own place on the server. */

import type { AnyCheck } from '../../src/model/check.ts'
import { applicationDirectory } from './directory.ts'

export { applicationDirectory }

export const appChecks: readonly AnyCheck[] = [applicationDirectory]
