import { type Fault, shopFault } from './fault.ts'

/**
 * Full file systems. Never the machine's own: each is a small ext4 in a file of the server's, mounted where it hurts.
 * After a reboot of the server it is no longer mounted, and what was there before is seen again.
 */
const words = `
image=/var/lib/lab-faults/$fault.ext4
# small_disk PATH SIZE [mkfs options]: PATH's content moves onto a file system of SIZE
small_disk() {
  command -v mkfs.ext4 > /dev/null || DEBIAN_FRONTEND=noninteractive apt-get install -qqy --no-install-recommends e2fsprogs > /dev/null
  mountpoint -q "$1" && return
  mkdir -p "$1" /var/lib/lab-faults
  truncate -s "$2" $image
  mkfs.ext4 -q -m 0 "\${@:3}" $image
  next=$(losetup --find)
  [ -e "$next" ] || mknod "$next" b 7 "\${next#/dev/loop}"
  mount -o loop $image "$1.new" 2> /dev/null || { mkdir -p "$1.new" && mount -o loop $image "$1.new"; }
  rmdir "$1.new/lost+found"
  cp -a "$1/." "$1.new/"
  chown --reference="$1" "$1.new" && chmod --reference="$1" "$1.new"
  mount --move "$1.new" "$1" 2> /dev/null || { umount "$1.new" && mount -o loop $image "$1"; }
  rmdir "$1.new"
}
# remove_disk PATH: the small disk goes, what is on it stays
remove_disk() {
  mountpoint -q "$1" || return 0
  mkdir "$1.old" && cp -a "$1/." "$1.old/"
  umount "$1"
  find "$1" -mindepth 1 -delete
  cp -a "$1.old/." "$1/" && rm -r "$1.old" $image
}
# fill PATH FILE LEAVE: a file that leaves LEAVE kilobytes free; to the last block, if 0
fill() {
  free=$(df --output=avail -k "$1" | tail -n 1)
  [ "$free" -le "$3" ] || fallocate -l $((free - $3))K "$1/$2" || true
  [ "$3" != 0 ] || cat /dev/zero 2> /dev/null >> "$1/$2" || true
}
`
const databaseVolume = '$(docker volume inspect --format "{{.Mountpoint}}" webshop_postgres_data)'

function databaseDisk(name: string, describe: string, leave: number, visible: string): Fault {
  return shopFault({
    name,
    describe,
    inject: `${words}
volume=${databaseVolume}
compose stop db
small_disk "$volume" 400M
compose start db
wait_for '[ "$(state_of db)" = running/healthy ]'
fill "$volume" copy-of-old-server.tar ${leave}`,
    visible: `volume=${databaseVolume}; ${visible}`,
    undo: `${words}
volume=${databaseVolume}
rm -f "$volume/copy-of-old-server.tar"
compose stop db
remove_disk "$volume"
compose start db`,
  })
}

export const fullDisk = databaseDisk(
  'full-disk',
  'Orders fail, “No space left on device”: the disk of the database is full; somebody left a copy of the old server on it.',
  0,
  '! sql "CREATE TABLE space AS SELECT repeat(md5(n::text), 50) FROM generate_series(1, 20000) n; DROP TABLE space" 2> /dev/null',
)

export const smallDatabaseDisk = databaseDisk(
  'small-database-disk',
  'The shop works, but there is no room on the database’s disk for a second copy: a restore beside it cannot fit.',
  24 * 1024,
  '[ "$(df --output=avail -k "$volume" | tail -n 1)" -le 25000 ]',
)

export const fullLogDisk = shopFault({
  name: 'full-log-disk',
  describe:
    'The log’s file system is full: an import wrote debug logs for months, and they are rotated but never removed.',
  inject: `${words}
small_disk /var/log 64M
for number in 9 8 7 6 5 4 3 2; do head -c 4M /dev/zero | tr '\\0' 'x' > /var/log/import.log.$number; done
fill /var/log import.log.1 0`,
  visible: '[ "$(df --output=avail -k /var/log | tail -n 1)" -eq 0 ]',
  undo: `${words}
rm -f /var/log/import.log.*
remove_disk /var/log`,
})

export const diskInodes = shopFault({
  name: 'disk-inodes',
  describe:
    '“No space left on device” with gigabytes free: hundreds of thousands of session files have used up all inodes of /var/tmp.',
  inject: `${words}
small_disk /var/tmp 64M -N 1024
number=0
while touch /var/tmp/session-$number 2> /dev/null; do number=$((number + 1)); done`,
  visible: '[ "$(df --output=iavail /var/tmp | tail -n 1)" -eq 0 ]',
  undo: `${words}
find /var/tmp -name 'session-*' -delete
remove_disk /var/tmp`,
})
