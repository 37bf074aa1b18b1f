// The one way to open a database file.
import assert from 'node:assert/strict';
import Sqlite from 'better-sqlite3';

/** A handle that can read. A function that takes this cannot be given the right to write by accident. */
export type ReadableDb = Sqlite.Database & { readonly __readable: true };
/** A handle that can read and write. */
export type WritableDb = ReadableDb & { readonly __writable: true };
/** What services hold. */
export type Database = WritableDb;

/** The WAL-reset fault of 3.7.0–3.51.2 can lose committed rows; 3.52.0 was withdrawn by its authors. */
const oldestSqlite = [3, 51, 3] as const;
let versionChecked = false;

/** Opens `file` with the durability settings. The library is compiled with `synchronous=NORMAL` for write-ahead logs, under which a
 *  reopened file loses acknowledged commits at a power cut; so every setting is made on EVERY connection, never inherited. */
export function openDatabase(file: string): WritableDb;
export function openDatabase(file: string, options: { readonly: true }): ReadableDb;
export function openDatabase(file: string, { readonly = false }: { readonly?: boolean } = {}): ReadableDb | WritableDb {
  const db = new Sqlite(file, { readonly, fileMustExist: readonly });
  try {
    db.pragma('busy_timeout = 5000');
    if (!readonly) db.pragma('journal_mode = WAL');
    db.pragma('synchronous = FULL');
    db.pragma('foreign_keys = ON');
    db.pragma('mmap_size = 0'); // a torn page or an I/O error must be an error, not a signal
    db.pragma('trusted_schema = OFF');
    checkVersion(db);
  } catch (error) {
    db.close();
    throw error;
  }
  return db as ReadableDb | WritableDb;
}

/** Runs `fn` as one transaction (a savepoint inside another one): all of it is on the disk when this returns, or none of it.
 *  `fn` must not return a promise: the commit would come before its work. */
export function transaction<T>(db: WritableDb, fn: () => T extends PromiseLike<unknown> ? never : T): T {
  return db.transaction(fn).immediate() as T;
}

/** Of the library that is linked in, e.g. `3.54.1`. */
export function sqliteVersion(db: Sqlite.Database): string {
  return db.prepare<[], string>('SELECT sqlite_version()').pluck().get()!;
}

function checkVersion(db: Sqlite.Database): void {
  if (versionChecked) return;
  const version = sqliteVersion(db);
  const [major, minor, patch] = version.split('.').map(Number) as [number, number, number];
  const order = major - oldestSqlite[0] || minor - oldestSqlite[1] || patch - oldestSqlite[2];
  assert(order >= 0 && version !== '3.52.0', `SQLite ${version} can lose committed rows; ${oldestSqlite.join('.')} or newer is required`);
  versionChecked = true;
}
