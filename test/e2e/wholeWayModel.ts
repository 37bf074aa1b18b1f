// From a file to a champion: import, label, features, training, registry.
import { join } from 'node:path';
import { expect } from 'vitest';
import { makeBad } from '../fixtures/makeBad.ts';
import { firstRows, laterRows, writeExport } from './wholeWayRows.ts';
import { find, goTo, isAt, main, reads, trace, type Walker } from './wholeWayWindow.ts';

/** A file whose eighth row has two fields too many is refused with the row and a remedy, and nothing is stored. */
export async function refuseRaggedFile({ page, folder, shoot }: Walker): Promise<void> {
  const bad = join(folder, 'bad');
  await makeBad(bad);
  await openFile({ page }, join(bad, 'row-too-long.csv'));
  await reads(main(page), 'The import will stop at the first of these rows');
  await main(page).getByRole('button', { name: 'Import', exact: true }).click();
  const error = main(page).getByRole('alert');
  await reads(error, 'The import of row-too-long stopped');
  await reads(error, 'MK_DATA_BROKEN_ROW');
  await reads(error, 'row 8: 5 fields instead of 3 (“7,Main Street 5, Springfield, Ohio,12”)');
  await reads(error, 'Correct the row, choose another delimiter or quote, or import with broken rows set aside.');
  await reads(error, 'Nothing was imported');
  await shoot('import-refused');
  // The way back still knows the file, and offers the other remedy.
  await error.getByRole('button', { name: 'Back to the preview' }).click();
  await main(page).getByRole('button', { name: 'Set them aside and import the rest' }).waitFor();
  await goTo(page, 'Data');
  await main(page).getByText('No data yet').waitFor();
}

/** The first export, by its path. */
export async function importTable({ page, folder, shoot }: Walker): Promise<void> {
  await openFile({ page }, writeExport(folder, firstRows));
  const preview = main(page).getByRole('region', { name: 'Preview' });
  await reads(preview, `of about ${firstRows} rows`);
  await preview.getByRole('row', { name: /^1 No 1 0 1 0 1 0 No phone service DSL/ }).waitFor();
  expect(await preview.getByRole('combobox', { name: 'Type of monthly_charges: decimal' }).count()).toBe(1);
  await shoot('import-preview');
  await main(page).getByLabel('Name of the dataset').fill('customers');
  await main(page).getByRole('button', { name: 'Import', exact: true }).click();
  await isAt(page, '#/data/customers/v1');
  await reads(main(page), `${firstRows} rows × 20 columns`);
  const charges = main(page).getByRole('row', { name: /^monthly_charges decimal/ });
  await reads(charges, /18\.95 · 73\.3 · 116\.3/);
  expect(await trace(page)).toEqual([`customers-${firstRows}.csv`, 'customers v1']);
  await shoot('data-profile');
}

/** A newer export of the same customers, by the shell's own dialog: it becomes version 2. */
export async function importNewerExport({ page, folder, chooseFile }: Walker): Promise<void> {
  await goTo(page, 'Data');
  await main(page).getByRole('link', { name: 'Import' }).first().click();
  await chooseFile(main(page).getByRole('button', { name: 'Choose files' }), writeExport(folder, laterRows));
  await main(page).getByLabel('Name of the dataset').fill('customers');
  await main(page).getByText('This becomes version 2 of customers').waitFor();
  await main(page).getByRole('button', { name: 'Import', exact: true }).click();
  await isAt(page, '#/data/customers/v2', 60_000);
  await reads(main(page), /6,000 rows × 20 columns/);
}

/** Twelve rows by keyboard: keys for an answer, Enter for the suggested one, Z for a slip; then frozen. */
export async function labelSome({ page, shoot }: Walker): Promise<void> {
  await main(page).getByRole('link', { name: 'Label', exact: true }).click();
  await find(page, main(page).getByRole('combobox', { name: 'Suggestions from' }), 'churn');
  expect(
    await main(page)
      .getByRole('textbox', { name: /^Class \d$/ })
      .evaluateAll((boxes) => boxes.map((box) => (box as HTMLInputElement).value)),
  ).toEqual(['No', 'Yes']);
  await main(page).getByLabel('Name', { exact: true }).fill('leavers');
  await main(page).getByRole('button', { name: 'Create and start' }).click();
  await isAt(page, '#/label/leavers');

  const saved = main(page).getByRole('status');
  let labelled = 0;
  const press = async (key: string, by = 1): Promise<void> => {
    await main(page)
      .getByRole('region', { name: `Item ${labelled + 1}`, exact: true })
      .waitFor();
    await page.keyboard.press(key);
    labelled += by;
    if (labelled > 0) await reads(saved, new RegExp(`Saved .*, ${labelled} labelled`));
  };
  await press('2');
  await main(page).getByRole('region', { name: 'Item 2', exact: true }).waitFor();
  await page.keyboard.press('z');
  labelled = 0;
  await press('1');
  for (let row = 2; row <= 12; row++) await press('Enter');
  await reads(main(page), `12 of ${firstRows}`);
  await shoot('label-by-keyboard');
  await main(page).getByRole('button', { name: 'Freeze as v1' }).click();
  await main(page).getByText('Version 1 holds 12 labels').waitFor();
}

/** Looks at what a model gets to see, and marks missing charges. */
export async function proposeFeatures({ page, shoot }: Walker): Promise<void> {
  await goTo(page, 'Data');
  await main(page).getByRole('link', { name: 'customers', exact: true }).click();
  await main(page).getByRole('link', { name: 'Features', exact: true }).click();
  await main(page).getByRole('button', { name: 'churn', exact: true }).click();
  const rules = main(page).getByRole('region', { name: 'Rules' });
  await reads(rules, '19 of 20 columns used');
  await reads(rules.getByRole('row', { name: /^churn category/ }), 'this is what is predicted');
  const charges = rules.getByRole('row', { name: /^monthly_charges decimal/ });
  await reads(charges, 'missing → median');
  await charges.click();
  await main(page)
    .getByRole('complementary', { name: 'monthly_charges' })
    .getByRole('checkbox', { name: 'Mark which rows were missing' })
    .click();
  await reads(charges, 'changed');
  await reads(charges, 'marks what was missing');
  await main(page).getByLabel('Save as').fill('customers-features');
  await shoot('features');
  await main(page).getByRole('button', { name: 'Train with this' }).click();
}

/** A short run, watched until it is judged; then its best candidate is registered. */
export async function trainAndRegister({ page, shoot }: Walker): Promise<void> {
  await isAt(page, '#/train/new?spec=customers-features@1');
  await main(page).getByRole('radio', { name: '1 min' }).click();
  const plan = main(page).getByRole('region', { name: 'What will happen' });
  await reads(plan, '640 rows are learned from and, in turn, choose between candidates; 160 judge');
  await reads(plan, /Baseline, Linear, .*Boosted trees, .*Neural net.* compete for 1 min/);
  await main(page).getByRole('button', { name: 'Start', exact: true }).click();
  await isAt(page, /^#\/train\/run_/);

  // While it runs: progress, the leaderboard, a curve that grows.
  await main(page)
    .getByRole('button', { name: /^Finish now with best/ })
    .waitFor();
  await reads(main(page), /Time budget 1:00/);
  const board = main(page).getByRole('grid', { name: 'Leaderboard' });
  await board
    .getByRole('row', { name: /Linear/ })
    .first()
    .waitFor();
  await main(page)
    .getByRole('img', { name: /^Loss of / })
    .first()
    .waitFor();
  await shoot('train-live');

  const register = main(page)
    .getByRole('button', { name: /^Register\b/ })
    .first();
  await register.waitFor({ timeout: 120_000 });
  await reads(main(page), /the same \d+ rows for all|on 160 test rows that no candidate saw/);
  // The baseline answers by chance (its constant differs a little from fold to fold), a model does not.
  await reads(board.getByRole('row', { name: /Baseline/ }), /0\.(49\d|500)/);
  const best = await board.getByRole('row').nth(1).textContent();
  expect(Number(/0\.\d{3}/.exec(best ?? '')?.[0])).toBeGreaterThan(0.8);
  await shoot('train-done');

  await register.click();
  const dialog = page.getByRole('dialog');
  await dialog.getByLabel('Model').fill('churn');
  await dialog.getByLabel('What it is for').fill('Who is about to leave; from the first export.');
  await dialog.getByRole('button', { name: 'Register', exact: true }).click();
  await isAt(page, '#/registry/churn/v1');
  const card = main(page).getByRole('region', { name: 'Model card' });
  await reads(card, 'Who is about to leave; from the first export.');
  await reads(card, 'A constant answer reaches AUC 0.500');
  await reads(card, /The file answers as the trainer did/);
  expect(await trace(page)).toEqual([
    `customers-${firstRows}.csv`,
    'customers v1',
    expect.stringContaining('features'),
    expect.stringContaining('run #1'),
    'churn v1',
  ]);
  await shoot('registry-version');
}

export async function makeChampion({ page }: Walker): Promise<void> {
  await main(page)
    .getByRole('button', { name: /^Set alias/ })
    .click();
  const dialog = page.getByRole('dialog');
  await reads(dialog, 'No endpoint follows champion, so no answer changes.');
  await dialog.getByLabel(/^Reason/).fill('First model, better than a constant answer');
  await dialog.getByRole('button', { name: 'Set champion' }).click();
  await dialog.waitFor({ state: 'hidden' });
  await main(page).getByText('champion', { exact: true }).first().waitFor();
}

/** From the list of datasets to the preview of a file whose path is typed. */
export async function openFile({ page }: Pick<Walker, 'page'>, file: string): Promise<void> {
  await goTo(page, 'Data');
  await main(page)
    .getByRole('link', { name: 'Import data' })
    .or(main(page).getByRole('link', { name: /^Import\b/ }))
    .first()
    .click();
  await main(page).getByLabel('Path').fill(file);
  await main(page).getByLabel('Path').press('Enter');
  await main(page).getByRole('button', { name: 'Use 1 file' }).click();
}
