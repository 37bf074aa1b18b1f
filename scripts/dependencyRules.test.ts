// Violations planted in a small copy of the layout: each must be found and named, and what is allowed must pass.
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { findViolations } from './dependencyRules.ts';
import { layers } from './layers.ts';

let folder: string;

const wellFormed: Record<string, string> = {
  'src-shared/domain.ts': 'export const one = 1;',
  'src-main/platform/clock.ts': `import { one } from '../../src-shared/domain.ts'; import { readFileSync } from 'node:fs'; export const now = () => one + readFileSync.length;`,
  'src-main/compiler/index.ts': `import { one } from '../../src-shared/domain.ts'; export const graph = one;`,
  'src-main/govern/audit.ts': `import { now } from '../platform/clock.ts'; export const audit = now;`,
  'src-main/stages/1-data/api.ts': `import { now } from '../../platform/clock.ts'; export const data = now;`,
  'src-main/stages/1-data/inner.ts': `export const inner = 1;`,
  'src-main/stages/4-train/api.ts': `import { data } from '../1-data/api.ts'; import { graph } from '../../compiler/index.ts'; export const train = [data, graph];`,
  'src-main/flows/promote.ts': `import { train } from '../stages/4-train/api.ts'; import { audit } from '../govern/audit.ts'; export const promote = [train, audit];`,
  'src-main/rpc/train.ts': `import { promote } from '../flows/promote.ts'; export const handlers = promote;`,
  'src-main/core.ts': `import { handlers } from './rpc/train.ts'; export const core = handlers;`,
  'src-main/shells/cli/main.ts': `import { core } from '../../core.ts'; export const cli = core;`,
  'src-renderer/rpc/client.ts': `import { one } from '../../src-shared/domain.ts'; export const call = one;`,
  'src-renderer/managers/jobs.ts': `import { call } from '../rpc/client.ts'; export const jobs = call;`,
  'src-renderer/views/today/Today.svelte': `<script lang="ts">import { jobs } from '../../managers/jobs.ts';</script>{jobs}`,
};

function plant(files: Record<string, string>): void {
  for (const [name, text] of Object.entries(files)) {
    mkdirSync(dirname(join(folder, name)), { recursive: true });
    writeFileSync(join(folder, name), text);
  }
}

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'modelkeep-layers-'));
  plant(wellFormed);
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

test('a layout that keeps the rules passes', async () => {
  expect(await findViolations(folder)).toEqual([]);
});

const breaks: [title: string, file: string, text: string, to: string][] = [
  ['shared reaches into main', 'src-shared/bad.ts', `import '../src-main/platform/clock.ts';`, 'src-main/platform/clock.ts'],
  ['shared knows files', 'src-shared/bad.ts', `import 'node:fs';`, 'fs'],
  ['shared knows the database', 'src-shared/bad.ts', `import 'better-sqlite3';`, 'better-sqlite3'],
  ['platform knows govern', 'src-main/platform/bad.ts', `import '../govern/audit.ts';`, 'src-main/govern/audit.ts'],
  ['the compiler knows files', 'src-main/compiler/bad.ts', `import { readFileSync } from 'node:fs'; readFileSync;`, 'fs'],
  [
    'the compiler knows the platform, by type only',
    'src-main/compiler/bad.ts',
    `import type { now } from '../platform/clock.ts'; export type T = typeof now;`,
    'src-main/platform/clock.ts',
  ],
  ['a stage reads a higher one', 'src-main/stages/1-data/bad.ts', `import '../4-train/api.ts';`, 'src-main/stages/4-train/api.ts'],
  ['a stage reads past an api.ts', 'src-main/stages/4-train/bad.ts', `import '../1-data/inner.ts';`, 'src-main/stages/1-data/inner.ts'],
  ['a stage knows govern', 'src-main/stages/1-data/bad.ts', `import '../../govern/audit.ts';`, 'src-main/govern/audit.ts'],
  [
    'a stage that has no business with the compiler',
    'src-main/stages/1-data/bad.ts',
    `import '../../compiler/index.ts';`,
    'src-main/compiler/index.ts',
  ],
  ['a flow reads past an api.ts', 'src-main/flows/bad.ts', `import '../stages/1-data/inner.ts';`, 'src-main/stages/1-data/inner.ts'],
  ['the core knows a shell', 'src-main/coreProcess.ts', `import './shells/cli/main.ts';`, 'src-main/shells/cli/main.ts'],
  ['a shell reads a stage', 'src-main/shells/cli/bad.ts', `import '../../stages/1-data/api.ts';`, 'src-main/stages/1-data/api.ts'],
  ['the window reads main', 'src-renderer/managers/bad.ts', `import '../../src-main/core.ts';`, 'src-main/core.ts'],
  [
    'a view calls the core itself',
    'src-renderer/views/bad/Bad.svelte',
    `<script lang="ts">import { call } from '../../rpc/client.ts';</script>{call}`,
    'src-renderer/rpc/client.ts',
  ],
];

test.each(breaks)('%s', async (_title, file, text, to) => {
  plant({ [file]: text });
  const found = await findViolations(folder);
  expect(found).toHaveLength(1);
  const layer = layers.find(({ files }) => new RegExp(files).test(file))!;
  expect(found[0]).toContain(`${file} must not import ${to}: ${layer.name}`);
  // The message says what may be imported instead, or what the layer knows nothing of.
  expect(found[0]).toMatch(/may import .|knows no /);
});

test.each(['src-main/flows/bad.ts', 'src-main/compiler/bad.ts'])('%s loads ONNX Runtime past its one door', async (file) => {
  plant({ [file]: `import 'onnxruntime-node';` });
  const [found] = await findViolations(folder);
  expect(found).toBe(
    `${file} must not import onnxruntime-node: only platform/onnxRuntime.ts loads ONNX Runtime: elsewhere it would call its maker`,
  );
});

test('a cycle is found and drawn', async () => {
  plant({ 'src-main/platform/a.ts': `import './b.ts';`, 'src-main/platform/b.ts': `import './a.ts';` });
  const found = await findViolations(folder);
  expect(found[0]).toMatch(/^cycle: .*a\.ts → .*b\.ts|^cycle: .*b\.ts → .*a\.ts/);
});

test('an import of nothing is found', async () => {
  plant({ 'src-main/platform/a.ts': `import './gone.ts';` });
  expect(await findViolations(folder)).toEqual(['src-main/platform/a.ts must not import ./gone.ts: everything imported must exist']);
});

test('tests may reach anywhere', async () => {
  plant({ 'src-main/platform/a.test.ts': `import '../core.ts';` });
  expect(await findViolations(folder)).toEqual([]);
});
