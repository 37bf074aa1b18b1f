import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { expect, it } from 'vitest';
import { findGpu } from './gpu/findGpu.ts';

it.skipIf('name' in findGpu())('train-gpu says why it was skipped, and that is no failure (skipped where there is a GPU)', async () => {
  const { stdout } = await promisify(execFile)(process.execPath, [join(import.meta.dirname, 'run.ts'), 'train-gpu', '--json']);
  expect(JSON.parse(stdout)).toEqual({ name: 'train-gpu', skipped: expect.stringMatching(/^no GPU: .{10}/) });
});
