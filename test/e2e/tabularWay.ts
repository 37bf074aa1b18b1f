// One table from its file to a registered version, as a person drives it: import, profile, proposal, training, comparison, report, registry.
import type { Locator, Page } from 'playwright-core';
import { expect } from 'vitest';
import { isAt, main, reads, type Walker } from './wholeWayWindow.ts';
import { openFile } from './wholeWayModel.ts';

export interface TabularCase {
  /** Of the dataset, and of the model that it becomes. */
  name: string;
  file: string;
  rows: number;
  columns: number;
  target: string;
  /** What the form says about the target when it has looked at the rows. */
  proposal: RegExp;
  /** Label of the button with the time. */
  budget: string;
  /** How long that is, for waiting. */
  budgetMs: number;
  /** Fills the rest of the form. */
  settings?(page: Page): Promise<void>;
  /** What the run page says under the name of the run. */
  facts: RegExp;
  /** What the report must say. */
  report: readonly (string | RegExp)[];
}

export interface TabularOutcome {
  /** Figure of the chosen one on the test rows, as the report has it. */
  headline: string;
  candidates: number;
}

/** Leaves the window on the page of the registered version. */
export async function fromFileToVersion({ page, shoot }: Walker, table: TabularCase): Promise<TabularOutcome> {
  const { name, file, target, budgetMs } = table;
  await openFile({ page }, file);
  await main(page).getByLabel('Name of the dataset').fill(name);
  await main(page).getByRole('button', { name: 'Import', exact: true }).click();
  await isAt(page, `#/data/${name}/v1`, 120_000);
  await reads(main(page), `${table.rows.toLocaleString('en')} rows × ${table.columns} columns`);
  await main(page)
    .getByRole('row', { name: new RegExp(`^${target} `) })
    .first()
    .waitFor();
  await shoot(`${name}-profile`);

  await main(page).getByRole('link', { name: 'Train with this' }).click();
  await isAt(page, /^#\/train\/new\?/);
  // What the data stage takes for the target stands there already.
  const choice = page.getByTestId('target');
  await choice.waitFor();
  await page.waitForTimeout(500);
  if ((await choice.inputValue()) !== target) {
    await choice.fill(target);
    await page
      .getByRole('option', { name: new RegExp(String.raw`^${target}(\s|$)`) })
      .first()
      .click();
  }
  await reads(page.getByTestId('problem'), table.proposal, 60_000);
  await page.getByTestId('budget').getByText(table.budget, { exact: true }).click();
  await table.settings?.(page);
  await shoot(`${name}-form`);
  await page.getByTestId('train-start').click();

  await isAt(page, /^#\/train\/run/);
  const board = page.getByRole('grid', { name: 'Leaderboard' });
  await board.getByRole('row', { name: /Baseline/ }).waitFor({ timeout: 60_000 });
  await reads(page.getByTestId('run-progress'), /ends by \d\d:\d\d/, 60_000);
  await shoot(`${name}-running`);
  await page.getByTestId('report').waitFor({ timeout: budgetMs * 1.5 + 60_000 });
  await reads(main(page), table.facts);
  const panel = page.getByTestId('candidate');
  await board.getByRole('row', { name: /Chosen/ }).click();
  await reads(panel.getByTestId('answer-facts'), /holds? the truth [\d.]+% of [\d,]+ rows; promised \d\d%/i);
  await shoot(`${name}-run`);
  const candidates = (await board.getByRole('row').count()) - 1;

  await compareWithNext(page, board);
  await shoot(`${name}-compare`);
  await page.goBack();

  await page.getByTestId('report').click();
  const report = page.getByTestId('run-report');
  await report.getByRole('heading', { name: 'What was tried' }).waitFor();
  for (const text of table.report) await reads(report, text);
  const headline = await report.locator('p.lead').first().innerText();
  await shoot(`${name}-report`);
  await page.goBack();

  await page.getByTestId('register').click();
  await page.getByTestId('register-name').fill(name);
  await page.getByTestId('register-do').click();
  await isAt(page, `#/registry/${name}/v1`);
  await main(page).getByRole('heading', { level: 1 }).waitFor();
  await shoot(`${name}-version`);
  return { headline, candidates };
}

/** The chosen one against another that has a model: paired on the test rows, or on the folds where the other has none. */
async function compareWithNext(page: Page, board: Locator): Promise<void> {
  await board.press('c');
  await isAt(page, /^#\/train\/.*\/compare\?a=/);
  const compare = page.getByTestId('train-compare');
  await compare.getByTestId('compared-metrics').or(compare.getByText('Compared on their folds only')).first().waitFor({ timeout: 60_000 });
  const [a, b] = await Promise.all(['compare-a', 'compare-b'].map((id) => compare.getByTestId(id).inputValue()));
  await page.keyboard.press('x');
  await expect.poll(() => compare.getByTestId('compare-a').inputValue()).toBe(b);
  expect(await compare.getByTestId('compare-b').inputValue()).toBe(a);
}

/** Opens what is folded. */
export async function openAdvanced(page: Page): Promise<void> {
  await page.getByTestId('advanced').click();
  await page.getByTestId('with-interval').waitFor();
}
