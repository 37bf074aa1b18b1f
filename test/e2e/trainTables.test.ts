// Tables of three kinds from a file to a version: two classes, amounts, and rows in the order of time; then the next run against the champion.
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { AxeBuilder } from '@axe-core/playwright';
import { parse } from 'csv-parse/sync';
import type { Browser, Page } from 'playwright-core';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { startApp, type App } from '../support/app.ts';
import { launchChromium, openPage, show } from '../support/browser.ts';
import { fromFileToVersion, openAdvanced } from './tabularWay.ts';
import { complaintsOf, main, reads, shooter, type Walker } from './wholeWayWindow.ts';

const samples = join(import.meta.dirname, '../../resources/samples');

let folder: string;
let app: App;
let browser: Browser;
let page: Page;
let walker: Walker;
let complaints: string[];

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'modelkeep-tables-'));
  app = await startApp(join(folder, 'workspace'));
  browser = await launchChromium();
  page = await openPage(browser, app.url, { theme: 'light', language: 'en' });
  complaints = complaintsOf(page);
  walker = { page, folder, chooseFile: () => Promise.reject(new Error('paths are typed here')), shoot: shooter(page, 'tables') };
}, 180_000);
afterAll(async () => {
  await browser?.close();
  await app?.stop();
  rmSync(folder, { recursive: true, force: true });
});

/** Real orders with some of their columns, as another export would have them. */
function writeOrders(
  name: string,
  columns: readonly string[],
  order: (a: string[], b: string[]) => number,
): { file: string; rows: number } {
  const [head = [], ...rows] = parse(readFileSync(join(samples, 'orders/orders.csv'))) as string[][];
  const places = columns.map((column) => head.indexOf(column));
  expect(places).not.toContain(-1);
  const file = join(folder, `${name}.csv`);
  const lines = rows.map((row) => places.map((place) => row[place]!)).sort(order);
  writeFileSync(file, [columns, ...lines].map((row) => row.map((cell) => `"${cell.replaceAll('"', '""')}"`).join(',')).join('\n'));
  return { file, rows: rows.length };
}

async function violations(): Promise<string[]> {
  const { violations: found } = await new AxeBuilder({ page }).analyze();
  return found.map(({ id, nodes }) => `${id}: ${nodes.map(({ target }) => String(target)).join(' · ')}`);
}

test('two classes: balanced, with sets and a small model', async () => {
  await fromFileToVersion(walker, {
    name: 'leavers',
    file: join(samples, 'churn/churn.csv'),
    rows: 7043,
    columns: 20,
    target: 'churn',
    proposal: /Two classes, tested on random rows/,
    budget: '15 s',
    budgetMs: 15_000,
    settings: async () => {
      await openAdvanced(page);
      await page.getByTestId('balanced').click();
      await page.getByTestId('distill').click();
      await reads(main(page), 'Every class weighs the same.');
      await reads(main(page), 'Answers come with a set of classes that holds the truth for 90% of rows.');
      expect(await violations()).toEqual([]);
    },
    facts: /predicts two classes · 5,634 rows learned from · \d-fold|one validation part/,
    report: ['Every class weighed the same in training', /Each answer comes with a set of classes.*held [\d.]+% of 1,409 test rows/],
  });
}, 200_000);

test('amounts: the objective that suits them is proposed, and answers have limits', async () => {
  const columns = ['Segment', 'Region', 'Category', 'Sub-Category', 'Ship Mode', 'Quantity', 'Discount', 'Sales'];
  const { file, rows } = writeOrders('sales', columns, (a, b) => (a.join() < b.join() ? -1 : 1));
  await fromFileToVersion(walker, {
    name: 'sales',
    file,
    rows,
    columns: columns.length,
    target: 'Sales',
    proposal: /Amounts with a long tail/,
    budget: '15 s',
    budgetMs: 15_000,
    settings: async () => {
      await page.getByTestId('take-objective').click();
      await page.getByTestId('take-objective').waitFor({ state: 'detached' });
      await openAdvanced(page);
      await page.getByTestId('interval-percent').fill('30');
      await page.getByTestId('interval-percent').press('Tab');
      await reads(main(page), 'Limits hold the truth for 50 to 99%.');
      expect(await page.getByTestId('train-start').getAttribute('aria-disabled')).toBe('true');
      await page.getByTestId('interval-percent').fill('80');
      await reads(main(page), 'Answers come with limits that hold the truth for 80% of rows.');
      await reads(main(page), 'What is predicted: mean of amounts (gamma).');
      expect(await violations()).toEqual([]);
    },
    facts: /predicts a number · [\d,]+ rows learned from/,
    report: ['The answer is the mean of amounts (gamma).', /They were to hold the truth of 80% of rows and held [\d.]+% of/],
  });
}, 200_000);

test('rows in the order of time: the newest judge, and random rows are warned of', async () => {
  const columns = ['Order Date', 'Segment', 'Region', 'Category', 'Sub-Category', 'Quantity', 'Discount', 'Sales', 'Profit'];
  const { file, rows } = writeOrders('profit', columns, (a, b) => (a[0]! < b[0]! ? -1 : a[0]! > b[0]! ? 1 : 0));
  await fromFileToVersion(walker, {
    name: 'profit',
    file,
    rows,
    columns: columns.length,
    target: 'Profit',
    proposal: /tested on the newest rows by Order Date/,
    budget: '15 s',
    budgetMs: 15_000,
    settings: async () => {
      await page.getByTestId('holdout').getByText('Random', { exact: true }).click();
      await reads(main(page), 'Random rows would know the future');
      expect(await violations()).toEqual([]);
      await page.getByTestId('take-split').click();
      await page.getByText('Random rows would know the future').waitFor({ state: 'detached' });
      await reads(main(page), 'The newest rows by Order Date judge.');
    },
    facts: /predicts a number · [\d,]+ rows learned from · (\d-fold by Order Date, each after the last|one validation part)/,
    report: [/The newest rows by Order Date were held back to judge\. The rows stand in that order/],
  });
}, 200_000);

test('the next run is held against the champion on the same rows', async () => {
  const { call, finished } = app.client;
  await call('registry.setAlias', { name: 'leavers', alias: 'champion', version: 1, reason: 'in use' });
  const { runId, jobId } = await call('train.start', {
    dataset: { name: 'leavers', version: 1 },
    target: { kind: 'column', column: 'churn' },
    timeBudgetMs: 20_000,
    seed: 7,
    learners: ['baseline', 'linear', 'boosting'],
  });
  await show(page, `#/train/${runId}`);
  const board = page.getByRole('grid', { name: 'Leaderboard' });
  // While it runs the champion already stands there, on its own rows, and that is said.
  await reads(board, /Champion leavers v1 .*On [\d,]+ test rows/, 60_000);
  await finished(jobId);
  await page.getByTestId('report').waitFor({ timeout: 60_000 });
  await reads(page.getByTestId('noticed'), /Champion leavers v1|champion leavers v1/i, 60_000);
  expect(await violations()).toEqual([]);

  await page.getByTestId('compare-candidates').click();
  const compare = page.getByTestId('train-compare');
  await reads(compare.getByTestId('compared-metrics'), /[\d,]+ test rows that neither has seen; paired, 95% interval/, 60_000);
  await reads(compare, 'against Champion leavers v1');
  await reads(compare, 'What changes for callers');
  expect(await violations()).toEqual([]);
  expect(complaints).toEqual([]);
}, 200_000);
