import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import type { Run } from '../../../src-shared/domain/training.ts';
import { callIn, type Called } from './testCli.ts';

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'modelkeep-'));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

const run = (...argv: string[]): Promise<Called> => callIn(folder, argv);

/** Two shops over 300 days that sell more on some weekdays, each on its own level. */
function sold(day: number, shop: number): number {
  return 100 * (shop + 1) + [40, 0, 5, 10, 20, 60, 80][day % 7]! + ((day * 7919 + shop * 31) % 17);
}
const dayOf = (day: number): string => new Date(Date.UTC(2024, 0, 1 + day)).toISOString().slice(0, 10);

test('a forecast is trained a week ahead, registered, and answers days that have not been', { timeout: 240_000 }, async () => {
  const table = join(folder, 'sales.csv');
  const lines = Array.from({ length: 600 }, (_, at) => `${dayOf(at >> 1)},shop ${at & 1},${sold(at >> 1, at & 1)}`);
  writeFileSync(table, `day,shop,sold\n${lines.join('\n')}\n`);
  expect((await run('data', 'import', table, '--name', 'sales', '--json')).status).toBe(0);

  const trained = await run('train', '--data', 'sales', '--target', 'sold', '--time', 'day', '--entity', 'shop', '--horizon', '7', '--metric', 'mase', '--learner', 'baseline', '--learner', 'linear', '--max-candidates', '2', '--time-budget', '60s', '--register', 'sales', '--json'); // prettier-ignore
  expect([trained.status, trained.stderr]).toEqual([0, expect.anything()]);
  const { spec, request, primaryMetric, findings } = JSON.parse(trained.stdout) as Run;
  expect(primaryMetric).toBe('mase');
  expect(spec!.history).toMatchObject({ timeColumn: 'day', entityColumns: ['shop'], horizon: 7, season: 7 });
  expect(request.holdout).toMatchObject({ kind: 'temporal', gap: 6 });
  expect(findings.map(({ code }) => code)).toEqual(expect.arrayContaining(['forecastSeries', 'season', 'againstNaive']));

  const [next, answers] = [join(folder, 'next.csv'), join(folder, 'answers.csv')];
  const ahead = Array.from({ length: 14 }, (_, at) => [300 + (at >> 1), at & 1] as const);
  writeFileSync(next, `day,shop,sold\n${ahead.map(([day, shop]) => `${dayOf(day)},shop ${shop},`).join('\n')}\n`);
  const predicted = await run('predict', 'sales:1', '--input', next, '--output', answers, '--history', 'sales', '--json');
  expect(JSON.parse(predicted.stdout)).toMatchObject({ rows: 14, withoutHistory: 0 });
  const given = readFileSync(answers, 'utf8').trim().split('\n').slice(1).map((line) => Number(line.split(',')[0])); // prettier-ignore
  given.forEach((answer, at) => expect(Math.abs(answer - sold(...ahead[at]!)), ahead[at]!.join(' ')).toBeLessThan(25));
});
