// A version is exported from the registry: as it is, in 8-bit integers after what they change was shown, and not at all where nothing can be.
import { mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { AxeBuilder } from '@axe-core/playwright';
import type { Browser, Page } from 'playwright-core';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { startApp, type App } from '../support/app.ts';
import { launchChromium, looks, openPage, show } from '../support/browser.ts';

const churn = join(import.meta.dirname, '../../resources/samples/churn/churn.csv');

let folder: string;
let app: App;
let browser: Browser;

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'modelkeep-export-'));
  app = await startApp(join(folder, 'workspace'));
  browser = await launchChromium();
  const { call, finished } = app.client;
  const table = join(folder, 'churn.csv');
  writeFileSync(table, readFileSync(churn, 'utf8').split('\n').slice(0, 1201).join('\n'));
  await finished((await call('data.import', { name: 'churn', files: [table], options: {} })).jobId);
  const { runId, jobId } = await call('train.start', {
    dataset: { name: 'churn', version: 1 },
    target: { kind: 'column', column: 'churn' },
    learners: ['mlp', 'boosting'],
    search: { method: 'portfolio', maxCandidates: 2 },
    timeBudgetMs: 240_000,
  });
  await finished(jobId);
  const { candidates } = await call('train.get', { runId });
  for (const name of ['mlp', 'boosting'] as const)
    await call('registry.register', { candidateId: candidates.find(({ learner }) => learner === name)!.id, name });
}, 400_000);
afterAll(async () => {
  await browser?.close();
  await app?.stop();
  rmSync(folder, { recursive: true, force: true });
});

async function openDialog(look: (typeof looks)[number], name: string): Promise<Page> {
  const page = await openPage(browser, app.url, look);
  await show(page, `#/registry/${name}/v1`);
  await page.locator('body').press('e');
  await page.getByTestId('export-model').waitFor();
  return page;
}

async function violations(page: Page): Promise<string[]> {
  const { violations: found } = await new AxeBuilder({ page }).include('[data-testid=export-model]').analyze();
  return found.map(({ id, nodes }) => `${id}: ${nodes.map(({ target }) => String(target)).join(' · ')}`);
}

test.each([
  { look: { theme: 'light', language: 'en' }, form: 'int8, dynamic', measure: 'Measure the loss', write: 'Export', file: 'dynamic.onnx' },
  { look: { theme: 'dark', language: 'zh' }, form: 'int8 静态', measure: '测量损失', write: '导出', file: 'static.onnx' },
] as const)('a network in $form: what it changes is shown, then the file is written', async ({ look, form, measure, write, file }) => {
  const page = await openDialog(look, 'mlp');
  const dialog = page.getByTestId('export-model');
  await page.getByTestId('export-form').getByText(form, { exact: true }).click();
  const path = join(folder, file);
  await page.getByTestId('target-file').fill(path);
  expect(await violations(page)).toEqual([]);
  await dialog.getByRole('button', { name: measure, exact: true }).click();
  const report = page.getByTestId('variant-report');
  await report.waitFor({ timeout: 60_000 });
  expect(() => statSync(path)).toThrow('ENOENT');
  const { variants, sizeBytes } = await app.client.call('registry.version', { name: 'mlp', version: 1 });
  const variant = variants.at(-1)!;
  expect(variant.kind).toBe(file.replace('.onnx', ''));
  expect(await report.textContent()).toContain('MatMul × ');
  expect(await report.getByRole('row').count()).toBe(variant.metrics.length + 1);
  expect(await violations(page)).toEqual([]);
  await dialog.getByRole('button', { name: write, exact: true }).click();
  await dialog.getByRole('status').waitFor();
  expect(statSync(path).size).toBe(variant.sizeBytes);
  expect(variant.sizeBytes).toBeLessThan(sizeBytes);
  await page.close();
});

test('trees are refused with the reason, and are written as they are', async () => {
  const page = await openDialog({ theme: 'light', language: 'en' }, 'boosting');
  const dialog = page.getByTestId('export-model');
  const path = join(folder, 'trees.onnx');
  await page.getByTestId('target-file').fill(path);
  await page.getByTestId('export-form').getByText('int8, dynamic', { exact: true }).click();
  await dialog.getByRole('button', { name: 'Measure the loss' }).click();
  await dialog.getByText(/Nothing in this model can compute in 8-bit integers \(TreeEnsemble/).waitFor({ timeout: 60_000 });
  await page.getByTestId('export-form').getByText('As trained (float32)', { exact: true }).click();
  await dialog.getByRole('button', { name: 'Export', exact: true }).click();
  await dialog.getByRole('status').waitFor();
  expect(statSync(path).size).toBe((await app.client.call('registry.version', { name: 'boosting', version: 1 })).sizeBytes);
  await page.close();
});
