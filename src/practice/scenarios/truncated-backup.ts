import { layBackup } from '../world/shop/backup.ts'
import { briefOf } from './names.ts'
import type { Scenario } from './scenario.ts'

export const truncatedBackup: Scenario = {
  ...briefOf('drill-truncated-backup'),
  base: 'shop',
  runbook: 'restore-drill',
  inject: world => {
    const path = layBackup(world, world.machine.now() - 6 * 3_600_000)
    const whole = world.files.read(path)
    world.files.write(path, whole.subarray(0, Math.floor(whole.length / 2)), 0o600, 0, 0)
  },
  cause: 'drill/readable',
  hints: [
    'A file that is there, recent and large may still be half of one.',
    'Who has ever read the newest backup to its end?',
    'Hold the drill: it compares the file with the checksum that was written beside it.',
  ],
  debrief: [
    'The backup was whole when it was made. Somebody moved the folder to another disk, and that copy broke off in the middle.',
    'Nothing checked the file afterwards: it looked recent and large.',
    'Only its checksum, or reading it to the end, shows that its end is missing.',
  ],
  alsoRight: ['drill/hold', 'drill/remove-leftovers', 'backup/back-up-now'],
  outOfReach: 'Nothing was down: a drill is there to find out.',
  fastest: [
    'Walk the restore-drill runbook, and agree to holding the drill.',
    'Its first rung fails: the file is not the one whose checksum was written down.',
    'A failed drill is a result. Have a new backup made, and hold the drill again.',
  ],
}
