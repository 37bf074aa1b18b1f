import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { formatBytes, freeSpace, writeExport, writeFileDurable } from './files.ts';

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'modelkeep-'));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

test('a durable write replaces the content and leaves no temporary file', async () => {
  const file = join(folder, 'f');
  await writeFileDurable(file, 'one');
  await writeFileDurable(file, Buffer.alloc(20_000_000, 7));
  expect(readFileSync(file).equals(Buffer.alloc(20_000_000, 7))).toBe(true);
  expect(readdirSync(folder)).toEqual(['f']);
});

test('an export that fails half-way leaves what was there', async () => {
  const file = join(folder, 'export.csv');
  writeFileSync(file, 'before');
  const pieces = (async function* () {
    yield 'a'.repeat(200_000);
    throw new Error('source failed');
  })();
  await expect(writeExport(file, pieces)).rejects.toThrow('source failed');
  expect(readFileSync(file, 'utf8')).toBe('before');
  expect(readdirSync(folder)).toEqual(['export.csv']);
});

test('an export gathers small and large pieces', async () => {
  const file = join(folder, 'e');
  await writeExport(file, [...Array.from({ length: 1000 }, (_, i) => `${i}\n`), Buffer.alloc(100_000, 'x'), 'end']);
  expect(readFileSync(file, 'utf8')).toBe(Array.from({ length: 1000 }, (_, i) => `${i}\n`).join('') + 'x'.repeat(100_000) + 'end');
});

test.each([
  ['a missing folder', 'none/e', 'ENOENT'],
  ['a folder in its place', 'dir', 'EISDIR'],
])('an export to %s is MK_FILE_UNWRITABLE and names the file', async (_title, name, reason) => {
  mkdirSync(join(folder, 'dir'));
  const file = join(folder, name);
  await expect(writeExport(file, ['x'])).rejects.toMatchObject({ code: 'MK_FILE_UNWRITABLE', params: { file, reason } });
  expect(readdirSync(folder)).toEqual(['dir']);
});

test('sizes are written for people, and the disk is measured', async () => {
  expect([0, 1023, 1536, 5 * 1024 ** 3].map(formatBytes)).toEqual(['0 B', '1023 B', '1.5 KB', '5.0 GB']);
  const { freeBytes, totalBytes } = await freeSpace(folder);
  expect(freeBytes).toBeGreaterThan(0);
  expect(totalBytes).toBeGreaterThanOrEqual(freeBytes);
});
