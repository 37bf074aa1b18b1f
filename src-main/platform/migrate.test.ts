import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { migrate, schemaVersion, type Migration } from './migrate.ts';
import { openDatabase, type WritableDb } from './sqlite.ts';

let folder: string;
let db: WritableDb;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'modelkeep-'));
  db = openDatabase(join(folder, 'test.sqlite'));
});
afterEach(() => {
  db.close();
  rmSync(folder, { recursive: true, force: true });
});

const step = (id: number, sql: string): Migration => ({ id, name: `step ${id}`, up: (target) => void target.exec(sql) });
const one = step(1, 'CREATE TABLE a (x INTEGER) STRICT');
const two = step(2, 'ALTER TABLE a ADD COLUMN y INTEGER NOT NULL DEFAULT 7');
const columns = (): unknown[] => db.prepare(`SELECT name FROM pragma_table_info('a')`).pluck().all();

test('applies only what is missing and keeps the rows', () => {
  expect(migrate(db, [one])).toEqual({ from: 0, to: 1 });
  db.exec('INSERT INTO a VALUES (1)');
  expect(migrate(db, [one, two])).toEqual({ from: 1, to: 2 });
  expect(migrate(db, [one, two])).toEqual({ from: 2, to: 2 });
  expect(db.prepare('SELECT * FROM a').get()).toEqual({ x: 1, y: 7 });
});

test.each([
  ['a gap', [one, step(3, '')]],
  ['a repeated number', [one, step(1, '')]],
  ['a wrong order', [two, one]],
])('refuses %s before anything is done', (_title, migrations) => {
  expect(() => migrate(db, migrations)).toThrow('is next');
  expect(schemaVersion(db)).toBe(0);
});

test('a file of a newer version is refused and not touched', () => {
  migrate(db, [one, two]);
  expect(() => migrate(db, [one])).toThrow(expect.objectContaining({ code: 'MK_WORKSPACE_NEWER', params: { found: 2, known: 1 } }));
  expect(schemaVersion(db)).toBe(2);
});

test('an interrupted step leaves the old schema, and the next start finishes', () => {
  migrate(db, [one]);
  const broken: Migration = {
    id: 2,
    name: 'broken',
    up: (target) => {
      two.up(target);
      throw new Error('power cut');
    },
  };
  expect(() => migrate(db, [one, broken])).toThrow('power cut');
  expect(schemaVersion(db)).toBe(1);
  expect(columns()).toEqual(['x']);
  migrate(db, [one, two]);
  expect(columns()).toEqual(['x', 'y']);
});
