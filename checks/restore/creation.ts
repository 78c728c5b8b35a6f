import { literal } from '../../src/facts/sql-text.ts'

/**
 * SQL that answers with the statement which makes a database as another one is: owner, encoding, sorting, disk. From
 * `template0`, so that nothing is in it. Its columns have other names in other versions, hence the way over JSON.
 *
 * @param like the database to take after. @param name of the new one
 */
export const creationLike = (like: string, name: string, { onItsDisk = true } = {}): string =>
  `SELECT format('CREATE DATABASE %I TEMPLATE template0 OWNER %I ENCODING %L LC_COLLATE %L LC_CTYPE %L',
  ${literal(name)}, pg_get_userbyid(datdba), pg_encoding_to_char(encoding), datcollate, datctype)
  || ${onItsDisk ? "format(' TABLESPACE %I', spcname)" : "''"}
  || CASE to_jsonb(d)->>'datlocprovider'
    WHEN 'i' THEN format(' LOCALE_PROVIDER icu ICU_LOCALE %L', coalesce(to_jsonb(d)->>'datlocale', to_jsonb(d)->>'daticulocale'))
    WHEN 'b' THEN format(' LOCALE_PROVIDER builtin BUILTIN_LOCALE %L', to_jsonb(d)->>'datlocale')
    ELSE '' END
FROM pg_database d JOIN pg_tablespace t ON t.oid = d.dattablespace WHERE datname = ${literal(like)}`
