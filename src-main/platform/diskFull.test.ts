// On a real full disk: a small tmpfs, which only root on Linux can mount.
import { execFileSync } from 'node:child_process';
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { migrations } from '../migrations/index.ts';
import type { Blob, BlobStore } from './blobStore.ts';
import { systemClock } from './clock.ts';
import { describeDiskError, writeExport, writeFileDurable } from './files.ts';
import { transaction } from './sqlite.ts';
import { openWorkspace, type Workspace } from './workspace.ts';

const reason =
  process.platform !== 'linux'
    ? 'needs Linux'
    : process.getuid?.() !== 0
      ? 'needs root to mount a small disk'
      : canMount()
        ? ''
        : 'mounting is not allowed here';
const ballastBytes = 2 * 1024 * 1024;

describe.skipIf(reason !== '')(`a full disk${reason && ` (skipped: ${reason})`}`, () => {
  let disk: string;
  let workspace: Workspace;

  beforeEach(async () => {
    disk = mkdtempSync(join(tmpdir(), 'modelkeep-disk-'));
    mount(disk, '32m');
    workspace = await openWorkspace(join(disk, 'w'), { clock: systemClock, migrations, ballastBytes });
    await vi.waitFor(() => expect(readFileSync(join(disk, 'w/ballast')).length).toBe(ballastBytes));
    fill();
  });
  afterEach(async () => {
    await workspace.close();
    execFileSync('umount', ['-l', disk]);
    rmSync(disk, { recursive: true });
  });

  /** Takes the rest of the disk, to the last page. */
  function fill(): void {
    for (const bytes of [1 << 20, 1 << 12, 1]) {
      try {
        for (let i = 0; ; i++) writeFileSync(join(disk, `filler-${bytes}-${i}`), Buffer.alloc(bytes, 1));
      } catch (error) {
        expect((error as { code: string }).code).toBe('ENOSPC');
      }
    }
  }

  test('a blob is refused whole: MK_DISK_FULL with what was needed, nothing half-written', async () => {
    await expect(workspace.blobs.put(Buffer.alloc(500_000, 2))).rejects.toMatchObject({
      code: 'MK_DISK_FULL',
      params: { needed: '488.3 KB', free: '0 B' },
    });
    expect(await listed(workspace.blobs)).toEqual([]);
    expect(readdirSync(workspace.tmp)).toEqual(['uploads']);
  });

  test('a durable file keeps its old content', async () => {
    const file = join(disk, 'filler-4096-0');
    const before = readFileSync(file);
    await expect(writeFileDurable(file, Buffer.alloc(300_000))).rejects.toMatchObject({ code: 'MK_DISK_FULL' });
    await expect(writeExport(file, [Buffer.alloc(300_000)])).rejects.toMatchObject({ code: 'MK_DISK_FULL' });
    expect(readFileSync(file).equals(before)).toBe(true);
    expect(readdirSync(disk).filter((name) => name.endsWith('.tmp'))).toEqual([]);
  });

  test('a transaction fails whole, even a DELETE may; giving back the reserve makes room', async () => {
    const { db } = workspace;
    const insert = db.prepare('INSERT INTO settings VALUES (?, ?)');
    const write = (): void =>
      transaction(db, () => void Array.from({ length: 300 }, (_, i) => insert.run(`key ${i}`, '"'.padEnd(2000, 'x'))));
    let failure: unknown;
    try {
      write();
    } catch (error) {
      failure = error;
    }
    expect(await describeDiskError(failure, disk)).toMatchObject({ code: 'MK_DISK_FULL' });
    expect(db.prepare('SELECT count(*) FROM settings').pluck().get()).toBe(0);

    expect(await workspace.releaseBallast()).toBe(true);
    write();
    expect(db.prepare('SELECT count(*) FROM settings').pluck().get()).toBe(300);
    db.exec('DELETE FROM settings');
    expect(db.pragma('integrity_check', { simple: true })).toBe('ok');
    expect(existsSync(join(disk, 'w/ballast'))).toBe(false);
  });
});

function mount(folder: string, size: string): void {
  execFileSync('mount', ['-t', 'tmpfs', '-o', `size=${size}`, 'tmpfs', folder], { stdio: 'pipe' });
}

function canMount(): boolean {
  const folder = mkdtempSync(join(tmpdir(), 'modelkeep-disk-'));
  try {
    mount(folder, '1m');
    execFileSync('umount', [folder]);
    return true;
  } catch {
    return false;
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

async function listed(blobs: BlobStore): Promise<Blob[]> {
  const found: Blob[] = [];
  for await (const blob of blobs.list()) found.push(blob);
  return found;
}
