import { runAction } from '../../src/model/action.ts'
import { remedy } from '../../src/model/remedy.ts'
import { reloadIfRunning } from '../configuration/recreate.ts'
import { serviceParams } from '../services/roles.ts'
import { settle } from '../services/settle.ts'

export const reloadNginx = remedy({
  id: 'nginx/reload',
  title: 'Have nginx look its servers up again',
  why: 'A reload looks every name up anew and drops no connection; a restart would.',
  risk: 'None known: the configuration is tested in the running nginx first.',
  grade: 'reversible',
  params: serviceParams,
  async plan({ params, policy }) {
    return {
      actions: [
        runAction('Test the configuration in the running nginx, then reload it', reloadIfRunning(params)),
        settle(params.composeFile, policy.recreateWaitSeconds),
      ],
      touches: ['nginx, which reads its configuration again'],
      undo: 'Not needed: what is on disk is what nginx would have after any restart',
      expectedSeconds: 3,
    }
  },
})
