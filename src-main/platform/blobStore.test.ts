import { createHash } from 'node:crypto';
import { chmodSync, existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { mkdir } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { BlobStore, type Blob } from './blobStore.ts';

let folder: string;
let blobs: BlobStore;
beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), 'modelkeep-'));
  await mkdir(join(folder, 'blobs/sha256'), { recursive: true });
  await mkdir(join(folder, 'tmp'));
  blobs = new BlobStore(join(folder, 'blobs'), join(folder, 'tmp'));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

const hash = (bytes: Uint8Array): string => createHash('sha256').update(bytes).digest('hex');

test('what is put is read back under its hash, once however often it is put', async () => {
  const bytes = Buffer.alloc(20_000_000, 'modelkeep');
  const blob = await blobs.put(bytes);
  expect(blob).toEqual({ sha256: hash(bytes), sizeBytes: bytes.length });
  expect(await blobs.put(bytes)).toEqual(blob);
  expect((await blobs.read(blob.sha256)).equals(bytes)).toBe(true);
  expect(await listed(blobs)).toEqual([blob]);
  expect(readdirSync(join(folder, 'tmp'))).toEqual([]);
});

test('an empty blob is a blob', async () => {
  const { sha256, sizeBytes } = await blobs.put(new Uint8Array());
  expect(sizeBytes).toBe(0);
  expect(await blobs.read(sha256)).toHaveLength(0);
});

test('a finished file is moved in, not copied', async () => {
  const file = blobs.tempFile('parquet');
  writeFileSync(file, 'rows');
  const blob = await blobs.adopt(file);
  expect(blob).toEqual({ sha256: hash(Buffer.from('rows')), sizeBytes: 4 });
  expect(existsSync(file)).toBe(false);
  expect(readFileSync(blobs.path(blob.sha256), 'utf8')).toBe('rows');
});

test('one flipped bit is found by read and by verify, wherever it is', async () => {
  for (let i = 0; i < 50; i++) {
    const { sha256 } = await blobs.put(Buffer.from(`content ${i}`.repeat(100)));
    const bytes = readFileSync(blobs.path(sha256));
    const position = (i * 37) % bytes.length;
    bytes[position]! ^= 1 << (i % 8);
    chmodSync(blobs.path(sha256), 0o644);
    writeFileSync(blobs.path(sha256), bytes);
    await expect(blobs.read(sha256)).rejects.toMatchObject({ code: 'MK_BLOB_CORRUPT', params: { sha256 } });
    await expect(blobs.verify(sha256)).rejects.toMatchObject({ code: 'MK_BLOB_CORRUPT' });
  }
});

test('putting the right bytes again repairs a damaged blob', async () => {
  const bytes = Buffer.from('right');
  const { sha256 } = await blobs.put(bytes);
  chmodSync(blobs.path(sha256), 0o644);
  writeFileSync(blobs.path(sha256), 'wrong');
  await blobs.put(bytes);
  expect((await blobs.read(sha256)).toString()).toBe('right');
});

test('a missing blob is told from a damaged one', async () => {
  const absent = hash(Buffer.from('absent'));
  await expect(blobs.read(absent)).rejects.toMatchObject({ code: 'MK_BLOB_MISSING' });
  await expect(blobs.verify(absent)).rejects.toMatchObject({ code: 'MK_BLOB_MISSING' });
  expect(await blobs.has(absent)).toBe(false);
});

test.each(['../../etc/passwd', '', 'A'.repeat(64), `${'a'.repeat(63)}/`])('“%s” never becomes a path', (name) => {
  expect(() => blobs.path(name)).toThrow(TypeError);
});

async function listed(store: BlobStore): Promise<Blob[]> {
  const found: Blob[] = [];
  for await (const blob of store.list()) found.push(blob);
  return found;
}
