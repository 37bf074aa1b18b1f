// Three public tables (two classes, a number, rows in the order of time) from a file to a registered version, in the window.
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ensureBuilt, root } from '../../scripts/build.ts';
import type { Campaign } from './run.ts';

export const campaign: Campaign = {
  name: 'tabular-window',
  about: 'bank-full, diamonds and a table by day through the window: import, profile, proposal, training, report, registry',
  run: async () => {
    await ensureBuilt();
    const folder = mkdtempSync(join(tmpdir(), 'modelkeep-campaign-'));
    const outcome = join(folder, 'outcome.json');
    const { status } = spawnSync(
      process.execPath,
      [join(root, 'node_modules/vitest/vitest.mjs'), 'run', '--project', 'e2e', 'test/e2e/realTables.test.ts'],
      { cwd: root, stdio: ['ignore', 'inherit', 'inherit'], env: { ...process.env, MODELKEEP_REAL_TABLES: outcome } },
    );
    const tables = JSON.parse(readFileSync(outcome, 'utf8')) as object;
    rmSync(folder, { recursive: true, force: true });
    return { passed: status === 0, tables };
  },
};
