import { type Fault, shopFault } from './fault.ts'

/** Backups that look like backups. Each spoils the newest file in backups/, and makes one first where there is none. */
const newest = '$(ls -t backups/*.dump 2> /dev/null | sed -n 1p)'
const dump = `compose exec -T db pg_dump -Fc -U "$(get_key $env_file DB_USER)" "$(get_key $env_file DB_NAME)"`
/** Whether a restore into nothing gives the products back; says nothing about which error it ended in. */
const rows = `$(compose exec -T db pg_restore --data-only --table products_product -f - < "$file" 2> /dev/null | grep -c '^[0-9]' || true)`

function badBackup(name: string, describe: string, spoil: string): Fault {
  return shopFault({
    name,
    describe,
    inject: `
mkdir -p $state
[ -n "${newest}" ] || (umask 077 && ${dump} > backups/webshop_$(date +%Y%m%d_%H%M%S).dump)
chown deploy:deploy backups/*.dump
file=${newest}
[ -e $state/file ] || { cp -p "$file" $state/good; echo "$file" > $state/file; }
${spoil}
touch -r $state/good "$file"`,
    visible: `file=${newest}; [ -n "$file" ] && { [ ! -s "$file" ] || [ "${rows}" -lt 5000 ]; }`,
    undo: 'cp -p $state/good "$(cat $state/file)" && rm -r $state',
  })
}

export const truncatedBackup = badBackup(
  'truncated-backup',
  'The newest backup ends in the middle: the disk was full, or the connection broke, while it was written.',
  'truncate -s $(($(stat -c %s "$file") / 2)) "$file"',
)
export const emptyBackup = badBackup(
  'empty-backup',
  'The newest backup has no bytes: the dump failed and the redirection had already made the file.',
  ': > "$file"',
)
export const corruptBackup = badBackup(
  'corrupt-backup',
  'The newest backup has the right size and a readable list of contents, but its data are damaged in the middle.',
  'size=$(stat -c %s "$file"); head -c $((size / 2)) /dev/urandom | dd of="$file" bs=1K seek=$((size / 4096)) conv=notrunc status=none; truncate -s "$size" "$file"',
)
export const schemaOnlyBackup = badBackup(
  'schema-only-backup',
  'The newest backup restores without an error, and holds no row: somebody made it with --schema-only.',
  `${dump.replace('-Fc', '-Fc --schema-only')} > "$file"`,
)
export const newerFormatBackup = badBackup(
  'newer-format-backup',
  '“unsupported version (1.99) in file header”: the newest backup was made by a pg_dump newer than the server’s tools.',
  `printf '\\143' | dd of="$file" bs=1 seek=6 conv=notrunc status=none`,
)

export const brokenSqlBackup = shopFault({
  name: 'broken-sql-backup',
  describe:
    'A plain .sql.gz with a damaged line in the middle: psql without ON_ERROR_STOP ends with status 0, and the orders are missing.',
  inject: `${dump.replace('-Fc', '')} | sed '/^COPY public.orders_order /a not a number' | gzip > backups/webshop_broken.sql.gz
chown deploy:deploy backups/webshop_broken.sql.gz`,
  visible: '[ -e backups/webshop_broken.sql.gz ]',
  undo: 'rm -f backups/webshop_broken.sql.gz',
})
