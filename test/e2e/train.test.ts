// A training run in the window: asked for in the form, watched, paused, given time, finished, looked into, told as a report.
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { AxeBuilder } from '@axe-core/playwright';
import type { Browser, Locator, Page } from 'playwright-core';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { startApp, type App } from '../support/app.ts';
import { launchChromium, looks, openPage, show } from '../support/browser.ts';

const samples = join(import.meta.dirname, '../../resources/samples');
const dataset = { name: 'churn', version: 1 };

let workspace: string;
let app: App;
let browser: Browser;
let complaints: string[] = [];

beforeAll(async () => {
  workspace = mkdtempSync(join(tmpdir(), 'modelkeep-train-'));
  app = await startApp(workspace);
  browser = await launchChromium();
  const { jobId } = await app.client.call('data.import', { name: 'churn', files: [join(samples, 'churn/churn.csv')], options: {} });
  await app.client.finished(jobId);
}, 180_000);
afterAll(async () => {
  await browser?.close();
  await app?.stop();
  rmSync(workspace, { recursive: true, force: true });
});

async function open(look: (typeof looks)[number]): Promise<Page> {
  const page = await openPage(browser, app.url, look);
  complaints = [];
  page.on('console', (message) => message.type() === 'error' && complaints.push(message.text()));
  page.on('pageerror', (error) => complaints.push(String(error)));
  return page;
}

/** What axe says about the page as it stands. */
async function violations(page: Page): Promise<string[]> {
  const { violations: found } = await new AxeBuilder({ page }).analyze();
  return found.map(({ id, nodes }) => `${id}: ${nodes.map(({ target }) => String(target)).join(' · ')}`);
}

const textOf = (locator: Locator): Promise<string> => locator.textContent().then((text) => text ?? '');

test('a run is asked for, steered, finished and told', async () => {
  const page = await open({ theme: 'light', language: 'en' });
  await show(page, '#/train/new?dataset=churn&version=1&target=column:churn');
  await page.getByTestId('advanced').click();
  await page.getByTestId('learner-nearest').click();
  await page.getByTestId('search-method').getByText('Grid', { exact: true }).click();
  expect(await textOf(page.getByTestId('train-new'))).toMatch(/The grid has \d+ candidates/);
  expect(await violations(page)).toEqual([]);
  await page.getByTestId('search-method').getByText('Model-based', { exact: true }).click();
  await page.getByTestId('train-start').click();

  const board = page.getByRole('grid', { name: 'Leaderboard' });
  const budget = page.getByTestId('run-progress');
  await board.getByRole('row', { name: /Baseline/ }).waitFor({ timeout: 60_000 });
  await expect.poll(() => textOf(budget), { timeout: 60_000 }).toMatch(/usable model since 0:\d\d/);
  await expect.poll(() => board.getByRole('row').count(), { timeout: 60_000 }).toBeGreaterThan(3);
  expect(await textOf(page.getByTestId('run'))).not.toContain('Nearest');
  expect(await violations(page)).toEqual([]);

  await page.locator('body').press('Space');
  await page.getByText('Paused', { exact: true }).waitFor();
  const used = async (): Promise<string | undefined> => /(\d+:\d\d) used/.exec(await textOf(budget))?.[1];
  await page.waitForTimeout(1500);
  const before = await used();
  await page.waitForTimeout(2500);
  expect(await used()).toBe(before);
  expect(await violations(page)).toEqual([]);

  await page.getByTestId('add-time').click();
  await expect.poll(() => textOf(budget)).toContain('Time budget 11:00');
  await page.getByTestId('pause').click();
  await page.getByText('Training', { exact: true }).first().waitFor();
  await expect.poll(used, { timeout: 20_000 }).not.toBe(before);

  // Wait for a second whole candidate, so that there is something to choose from.
  await expect.poll(() => board.getByRole('row', { name: /[3-9] (Naive|Rules|Boosted|Linear|Neural|Random|Extra)/ }).count(), { timeout: 90_000 }).toBeGreaterThan(0); // prettier-ignore
  await page.getByTestId('stop').click();
  await page.getByTestId('report').waitFor({ timeout: 90_000 });
  await expect.poll(() => textOf(page.getByTestId('noticed'))).toContain('Stopped by you');
  expect(await textOf(page.getByTestId('noticed'))).toMatch(/Paused for .*that time does not count/);
  expect(await violations(page)).toEqual([]);

  // The best has a model; one that has none says so and cannot be registered.
  const best = board.getByRole('row', { name: /Chosen/ });
  await best.click();
  const panel = page.getByTestId('candidate');
  expect(await textOf(panel)).toContain('File against trainer');
  // A run that was stopped keeps the best and the constant answer that it is held against.
  const others = board.getByRole('row', { name: /Naive|Rules|Boosted|Linear|Neural|Random|Extra/ });
  await others.filter({ hasNotText: 'Chosen' }).first().click();
  await expect.poll(() => textOf(panel)).toContain('Figures kept, model not kept');
  expect(await page.getByTestId('register').getAttribute('aria-disabled')).toBe('true');
  expect(await textOf(panel)).toMatch(/Fold/);

  const fit = board.getByRole('columnheader', { name: 'Fit' });
  await fit.getByRole('button').click();
  expect(await fit.getAttribute('aria-sort')).toBe('ascending');
  await page.getByTestId('board-metric').getByText('Log loss').click();
  await expect.poll(() => board.getByRole('columnheader', { name: 'Log loss' }).count()).toBe(1);

  await page.getByTestId('report').click();
  const report = page.getByTestId('run-report');
  await report.getByRole('heading', { name: 'What was tried' }).waitFor();
  expect(await textOf(report)).toMatch(/predicts churn best: AUC 0\.\d{3} \(0\.\d{3} to 0\.\d{3}\) on [\d,]+ rows that no candidate saw/);
  expect(await textOf(report)).toContain('What to collect next');
  expect(await violations(page)).toEqual([]);
  expect(complaints).toEqual([]);
}, 400_000);

test('the same states in the dark and in Chinese, and the ends that are no success', async () => {
  const { call, finished } = app.client;
  const page = await open({ theme: 'dark', language: 'zh' });
  const target = { kind: 'column', column: 'churn' } as const;
  const done = (await call('train.list', {}))[0]!;
  for (const address of [`#/train/${done.id}`, `#/train/${done.id}/report`, '#/train/new']) {
    await show(page, address);
    expect([address, await violations(page)]).toEqual([address, []]);
  }

  const stopped = await call('train.start', { dataset, target, timeBudgetMs: 60_000, learners: ['baseline', 'linear'] });
  await show(page, `#/train/${stopped.runId}`);
  expect(await violations(page)).toEqual([]);
  await call('jobs.cancel', { id: stopped.jobId });
  await finished(stopped.jobId).catch(() => {});
  await page.getByText('已取消', { exact: true }).first().waitFor({ timeout: 40_000 });
  expect(await violations(page)).toEqual([]);

  const file = join(workspace, 'constant.csv');
  writeFileSync(file, `size,answer\n${Array.from({ length: 60 }, (_, row) => `${row},yes`).join('\n')}\n`);
  await finished((await call('data.import', { name: 'constant', files: [file], options: {} })).jobId);
  const failing = await call('train.start', { dataset: { name: 'constant', version: 1 }, target: { kind: 'column', column: 'answer' } });
  await finished(failing.jobId).catch(() => {});
  await show(page, `#/train/${failing.runId}`);
  await page.getByText('失败', { exact: true }).first().waitFor();
  expect(await textOf(page.locator('main'))).toContain('MK_FEATURES_');
  expect(await violations(page)).toEqual([]);
  await show(page, `#/train/${failing.runId}/report`);
  expect(await textOf(page.getByTestId('run-report'))).toContain('尚无报告');
  expect(complaints).toEqual([]);
}, 240_000);
