/** A release in place: everything that could stop it looked at first, a gate behind it, and a way back beside it. */

import * as images from '../checks/deploy/images.ts'
import { knownGoodNoted } from '../checks/deploy/known-good.ts'
import * as prepared from '../checks/deploy/prepared.ts'
import * as runs from '../checks/deploy/runs.ts'
import { lasted, nothingHalfDone } from '../checks/deploy/watch.ts'
import { runbook } from '../src/model/runbook.ts'

export const deploy = runbook({
  id: 'deploy',
  title: 'Deploy a release',
  purpose:
    'For every new version. It makes sure that the images exist and that there is a backup, reads what the migrations do and chooses the order, replaces one container after the other, and offers the way back where the new release does not hold.',
  group: 'Every release',
  minutes: 15,
  steps: [
    {
      id: 'release',
      title: 'The release',
      why: 'It exists, it can be on this server, and what it does to the database is known.',
      checks: [
        images.imagesNamed,
        images.tagAvailable,
        prepared.deployRoom,
        images.imagesPulled,
        prepared.migrationsUnderstood,
      ],
    },
    {
      id: 'way-back',
      title: 'The way back',
      why: 'What runs is noted by its digests, and the data is safe.',
      checks: [knownGoodNoted, prepared.backupBeforeDeploy],
    },
    { id: 'roll-out', title: 'Into place', why: 'One service after the other.', checks: [runs.releaseRuns] },
    {
      id: 'gate',
      title: 'The gate',
      why: 'Every component, a task’s whole way, pages as customers get them.',
      checks: [runs.componentsHealthy, runs.taskReturns, runs.pagesAnswer, runs.migrated],
    },
    { id: 'watch', title: 'The first ten minutes', why: 'It starts, and it lasts.', checks: [lasted] },
    {
      id: 'if-it-failed',
      title: 'If it failed',
      why: 'What was good is put back, by its digests.',
      checks: [nothingHalfDone],
    },
  ],
})
