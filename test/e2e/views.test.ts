// Every view with real data: nothing fails, nothing complains, and axe finds no violation, in both themes.
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { AxeBuilder } from '@axe-core/playwright';
import type { Browser, Page } from 'playwright-core';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { startApp, type App } from '../support/app.ts';
import { launchChromium, openPage, show } from '../support/browser.ts';
import { fillWorkspace, type Filled } from '../support/fillWorkspace.ts';

let workspace: string;
let app: App;
let browser: Browser;
let filled: Filled;

beforeAll(async () => {
  workspace = mkdtempSync(join(tmpdir(), 'modelkeep-views-'));
  app = await startApp(workspace);
  browser = await launchChromium();
  filled = await fillWorkspace(app.client);
}, 300_000);
afterAll(async () => {
  await browser?.close();
  await app?.stop();
  rmSync(workspace, { recursive: true, force: true });
});

test.each([
  { theme: 'light', language: 'en' },
  { theme: 'dark', language: 'zh' },
] as const)('every view in $theme, $language: no error, no axe violation', async (look) => {
  const page = await openPage(browser, app.url, look);
  const complaints: string[] = [];
  page.on('console', (message) => message.type() === 'error' && complaints.push(message.text()));
  page.on('pageerror', (error) => complaints.push(String(error)));
  const findings: string[] = [];
  for (const [name, hash] of Object.entries(filled.pages)) {
    await show(page, hash);
    if (name !== 'components') findings.push(...(await errorBlocks(page)).map((text) => `${name}: ${text}`));
    const { violations } = await new AxeBuilder({ page }).analyze();
    for (const { id, nodes } of violations)
      findings.push(
        `${name}: ${id}: ${nodes
          .map(({ target }) => String(target))
          .slice(0, 3)
          .join(' · ')}`,
      );
  }
  expect(findings).toEqual([]);
  expect(complaints).toEqual([]);
});

/** Codes of the errors on the page; none is expected with a filled workspace. */
function errorBlocks(page: Page): Promise<string[]> {
  return page.locator('main').evaluate((main) => Array.from(main.textContent?.matchAll(/MK_[A-Z_]+/g) ?? [], (match) => match[0]));
}
