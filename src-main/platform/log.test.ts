import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { openLog } from './log.ts';

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'modelkeep-'));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

const lines = (name: string): Record<string, unknown>[] =>
  readFileSync(join(folder, name), 'utf8')
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line) as Record<string, unknown>);

test('each line is JSON with time, process and what was said', () => {
  openLog(folder, 'core').error({ operation: 'x', err: new Error('why') }, 'fault');
  expect(lines('core.log')).toEqual([
    expect.objectContaining({
      process: 'core',
      pid: process.pid,
      operation: 'x',
      msg: 'fault',
      err: expect.objectContaining({ message: 'why' }) as unknown,
    }),
  ]);
});

test('files are rotated by size, and only the youngest are kept', () => {
  const log = openLog(folder, 'core', { maxBytes: 2000, keep: 3 });
  for (let i = 0; i < 200; i++) log.info({ i }, 'a line of some length');
  expect(readdirSync(folder).sort()).toEqual(['core.1.log', 'core.2.log', 'core.3.log', 'core.log']);
  const numbers = ['core.3.log', 'core.2.log', 'core.1.log', 'core.log'].flatMap(lines).map(({ i }) => i as number);
  expect(numbers.at(-1)).toBe(199);
  expect(numbers).toEqual(Array.from({ length: numbers.length }, (_, i) => 200 - numbers.length + i));
});

test('a log goes on in its file after a restart, and survives the loss of its folder', () => {
  openLog(folder, 'core').info('one');
  const log = openLog(folder, 'core');
  log.info('two');
  expect(lines('core.log').map(({ msg }) => msg)).toEqual(['one', 'two']);
  rmSync(folder, { recursive: true });
  expect(() => log.info('three')).not.toThrow();
});
