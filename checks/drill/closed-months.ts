import { literal } from '../../src/facts/sql-text.ts'

/** Columns that hold money, by their names. */
const MONEY = '(amount|total)'

/**
 * SQL that prints, for every table with an amount and a time, the count and the sum of each month that was over when
 * the backup was taken: `public.payments_payment.amount 2026-10 4831 765432.10`. A month that is over does not
 * change any more, so the backup and the live database have to agree on it.
 *
 * @param column the time that rows are dated by. @param takenAt of the backup, ISO 8601
 */
export const closedMonths = (column: string, takenAt: string): string => `BEGIN READ ONLY;
SET LOCAL TimeZone = 'UTC';
SELECT format('SELECT %1$L || '' '' || to_char(date_trunc(''month'', %2$I), ''YYYY-MM'') || '' '' || count(*) || '' '' || sum(%3$I) FROM %4$s WHERE %2$I < date_trunc(''month'', %5$L::timestamptz) GROUP BY date_trunc(''month'', %2$I) ORDER BY 1',
  n.nspname || '.' || c.relname || '.' || m.attname, t.attname, m.attname, c.oid::regclass, ${literal(takenAt)})
FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
JOIN pg_attribute t ON t.attrelid = c.oid AND t.attname = ${literal(column)} AND t.atttypid IN ('timestamptz'::regtype, 'timestamp'::regtype)
JOIN pg_attribute m ON m.attrelid = c.oid AND m.attname ~ ${literal(MONEY)} AND m.atttypid = 'numeric'::regtype AND NOT m.attisdropped
WHERE c.relkind = 'r' AND n.nspname !~ '^pg_' AND n.nspname <> 'information_schema'
ORDER BY 1
\\gexec
COMMIT;`
