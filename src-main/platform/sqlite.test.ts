import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import Sqlite from 'better-sqlite3';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { openDatabase, sqliteVersion, transaction } from './sqlite.ts';

let folder: string;
let file: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'modelkeep-'));
  file = join(folder, 'test.sqlite');
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

/** 2 is FULL. The first connection of a new file shows it whatever we do; only a reopened file proves the setting. */
const durable = { journal_mode: 'wal', synchronous: 2, foreign_keys: 1, busy_timeout: 5000, mmap_size: 0, trusted_schema: 0 };

test.each([
  ['for writing', false],
  ['read-only', true],
])('a reopened file has every durability setting, %s', (_title, readonly) => {
  openDatabase(file).exec('CREATE TABLE t (a INTEGER) STRICT').close();
  const db = readonly ? openDatabase(file, { readonly: true }) : openDatabase(file);
  const found = Object.fromEntries(Object.keys(durable).map((name) => [name, db.pragma(name, { simple: true })]));
  // Without a memory map the pragma may answer nothing at all.
  expect({ ...found, mmap_size: found.mmap_size ?? 0 }).toEqual(durable);
  db.close();
});

test('the library alone would reopen with synchronous=NORMAL, so the test above can fail', () => {
  openDatabase(file).exec('CREATE TABLE t (a INTEGER) STRICT').close();
  const plain = new Sqlite(file);
  expect(plain.pragma('synchronous', { simple: true })).toBe(1);
  plain.close();
});

test('SQLite is 3.51.3 or newer and not the withdrawn 3.52.0', () => {
  const db = openDatabase(file);
  const version = sqliteVersion(db);
  const [major, minor, patch] = version.split('.').map(Number) as [number, number, number];
  expect(major * 1e6 + minor * 1e3 + patch).toBeGreaterThanOrEqual(3_051_003);
  expect(version).not.toBe('3.52.0');
  db.close();
});

test('a read-only handle cannot write, and does not make a missing file', () => {
  openDatabase(file).exec('CREATE TABLE t (a INTEGER) STRICT').close();
  const db = openDatabase(file, { readonly: true });
  expect(() => db.exec('INSERT INTO t VALUES (1)')).toThrow(expect.objectContaining({ code: 'SQLITE_READONLY' }));
  db.close();
  expect(() => openDatabase(join(folder, 'none.sqlite'), { readonly: true })).toThrow(expect.objectContaining({ code: 'SQLITE_CANTOPEN' }));
});

test('a transaction that throws leaves nothing, also the inner one of two', () => {
  const db = openDatabase(file);
  db.exec('CREATE TABLE t (a INTEGER) STRICT');
  const insert = db.prepare('INSERT INTO t VALUES (?)');
  const fail = (): void => {
    insert.run(1);
    throw new Error('no');
  };
  expect(() => transaction(db, fail)).toThrow('no');
  transaction(db, () => {
    insert.run(2);
    expect(() => transaction(db, fail)).toThrow('no');
  });
  expect(db.prepare('SELECT a FROM t').pluck().all()).toEqual([2]);
  db.close();
});

test('rejects a transaction that returns a promise', () => {
  const db = openDatabase(file);
  db.exec('CREATE TABLE t (a INTEGER) STRICT');
  expect(() =>
    // @ts-expect-error a promise does not fit the type either
    transaction(db, async () => {
      db.exec('INSERT INTO t VALUES (1)');
    }),
  ).toThrow('promise');
  expect(db.prepare('SELECT count(*) FROM t').pluck().get()).toBe(0);
  db.close();
});
