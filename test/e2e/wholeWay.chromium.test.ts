// The whole way in Debian's Chromium, against the built server in a process of its own.
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Browser } from 'playwright-core';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { startApp, type App } from '../support/app.ts';
import { launchChromium } from '../support/browser.ts';
import { walkTheWholeWay } from './wholeWay.ts';
import { complaintsOf, shooter } from './wholeWayWindow.ts';

let folder: string;
let app: App;
let browser: Browser;

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'modelkeep-way-'));
  app = await startApp(join(folder, 'workspace'));
  browser = await launchChromium();
});
afterAll(async () => {
  await browser?.close();
  await app?.stop();
  rmSync(folder, { recursive: true, force: true });
});

test('the whole way in a browser', { timeout: 600_000 }, async () => {
  const page = await (await browser.newContext({ viewport: { width: 1440, height: 900 }, locale: 'en-GB' })).newPage();
  page.setDefaultTimeout(30_000);
  const complaints = complaintsOf(page);
  await page.goto(app.url);
  await page.getByRole('contentinfo').getByText('CPU').waitFor();
  const shoot = shooter(page, 'chromium');
  try {
    await walkTheWholeWay({
      page,
      folder,
      shoot,
      chooseFile: async (button, file) => {
        const [chooser] = await Promise.all([page.waitForEvent('filechooser'), button.click()]);
        await chooser.setFiles(file);
      },
    });
  } catch (error) {
    await shoot('failed');
    throw error;
  }
  expect(complaints).toEqual([]);
});
