// Around the model: another language and theme, the audit log.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'vitest';
import { goTo, main, reads, type Walker } from './wholeWayWindow.ts';

/** In the middle of a page, the window turns Chinese and dark, and back; the page and what was typed stay. */
export async function changeLook({ page, shoot }: Walker): Promise<void> {
  const before = page.url();
  const reason = main(page).getByRole('textbox').first();
  await reason.fill('half a thought');
  const menu = (name: string): Promise<void> => page.getByRole('banner').getByRole('button', { name, exact: true }).click();
  const choose = (name: string): Promise<void> =>
    page.getByRole('menuitemradio', { name }).or(page.getByRole('menuitem', { name })).first().click();

  await menu('Language');
  await choose('中文');
  await reads(page.getByRole('navigation').first(), '今日');
  expect(await page.evaluate(() => document.documentElement.lang)).toMatch(/^zh/);
  await reads(main(page), '等您决定');
  const brightness = (): Promise<number> =>
    page.evaluate(() =>
      Math.max(
        ...getComputedStyle(document.body)
          .backgroundColor.match(/[\d.]+/g)!
          .slice(0, 3)
          .map(Number),
      ),
    );
  const light = await brightness();
  await menu('主题');
  await choose('深色');
  await expect.poll(brightness).toBeLessThan(light / 2);
  await shoot('learn-proposal-dark-zh');
  expect([page.url(), await reason.inputValue()]).toEqual([before, 'half a thought']);

  await menu('主题');
  await choose('浅色');
  await menu('语言');
  await choose('English');
  await reads(main(page), 'Waiting for you');
  await expect.poll(brightness).toBe(light);
}

/** The chain is checked, exported, and checked once more against the export; what was done on the way is in it. */
export async function verifyAudit({ page, folder, shoot }: Walker): Promise<void> {
  await goTo(page, 'Audit log');
  await main(page)
    .getByRole('button', { name: /^Check the chain/ })
    .click();
  await reads(main(page), /\d+ entries, chain whole/);

  const file = join(folder, 'audit.jsonl');
  await main(page)
    .getByRole('button', { name: /^Export/ })
    .click();
  const dialog = page.getByRole('dialog');
  await dialog.getByLabel('File to write').fill(file);
  await dialog.getByRole('button', { name: 'Export', exact: true }).click();
  await reads(dialog, /\d+ entries written to/);
  await dialog.getByRole('button', { name: 'Close' }).last().click();
  const lines = readFileSync(file, 'utf8')
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line) as { action?: string });
  const actions = new Set(lines.map(({ action }) => action));
  for (const action of [
    'data.import',
    'label.save',
    'label.freeze',
    'features.save',
    'train.start',
    'registry.register',
    'registry.alias.set',
    'serve.deploy',
    'serve.switch',
    'monitor.truth',
    'learn.start',
    'learn.decide',
    'advise.decide',
  ])
    expect(actions, action).toContain(action);

  await main(page).getByRole('button', { name: 'Compare with an exported log' }).click();
  await dialog.getByLabel('Exported log on this machine').fill(file);
  await dialog.getByRole('button', { name: 'Check', exact: true }).click();
  await reads(dialog.getByRole('status'), /\d+ entries, chain whole/);
  await dialog.getByRole('button', { name: 'Close' }).last().click();

  await main(page).getByRole('searchbox').fill('it has seen missing charges');
  await reads(main(page), 'Rows 1–3 of 3');
  const found = main(page)
    .getByRole('grid')
    .getByRole('row', { name: /Better on the same rows/ });
  for (const action of ['set an alias', 'switched the version', 'decided on a proposal']) await found.filter({ hasText: action }).waitFor();
  await shoot('audit');
}
