// Public tables from a file to a version in the window. They come from packages that are fetched, so only the campaign runs this:
//   npm run -s campaign -- tabular-window
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Browser, Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { fetchDataset } from '../fixtures/fetch.ts';
import { startApp, type App } from '../support/app.ts';
import { launchChromium, openPage } from '../support/browser.ts';
import { fromFileToVersion, type TabularCase, type TabularOutcome } from './tabularWay.ts';
import { complaintsOf, shooter, type Walker } from './wholeWayWindow.ts';

/** Where the outcome is written; absent: nothing is run. */
const outcomeFile = process.env['MODELKEEP_REAL_TABLES'];

type Real = Pick<TabularCase, 'name' | 'target' | 'proposal' | 'facts' | 'report'> & {
  dataset: Parameters<typeof fetchDataset>[0];
  rows: number;
  columns: number;
};
const folds = String.raw`(\d-fold|one validation part)`;
const tables: Real[] = [
  {
    name: 'bank-full',
    dataset: 'bank',
    rows: 45_211,
    columns: 17,
    target: 'y',
    proposal: /Two classes, tested on/,
    facts: /predicts two classes · [\d,]+ rows learned from/,
    report: [/Each answer comes with a set of classes/],
  },
  {
    name: 'diamonds',
    dataset: 'diamonds',
    rows: 53_940,
    columns: 10,
    target: 'price',
    proposal: /(Amounts|Counts|A number).*tested on/,
    facts: /predicts a number · [\d,]+ rows learned from/,
    report: [/Each answer comes with a lower and an upper limit/],
  },
  {
    name: 'seattle-weather',
    dataset: 'seattleWeather',
    rows: 1461,
    columns: 6,
    target: 'temp_max',
    proposal: /tested on the newest rows by date/,
    facts: new RegExp(`predicts a number · [\\d,]+ rows learned from · ${folds}`),
    report: [/The newest rows by date were held back to judge/],
  },
];

describe.skipIf(outcomeFile === undefined)('public tables', () => {
  let folder: string;
  let app: App;
  let browser: Browser;
  let page: Page;
  let walker: Walker;
  let complaints: string[];
  const outcomes: Record<string, TabularOutcome> = {};

  beforeAll(async () => {
    folder = mkdtempSync(join(tmpdir(), 'modelkeep-real-'));
    app = await startApp(join(folder, 'workspace'));
    browser = await launchChromium();
    page = await openPage(browser, app.url, { theme: 'light', language: 'en' });
    complaints = complaintsOf(page);
    walker = { page, folder, chooseFile: () => Promise.reject(new Error('paths are typed here')), shoot: shooter(page, 'real') };
  }, 180_000);
  afterAll(async () => {
    if (outcomeFile !== undefined) writeFileSync(outcomeFile, JSON.stringify(outcomes));
    await browser?.close();
    await app?.stop();
    rmSync(folder, { recursive: true, force: true });
  });

  test.each(tables)(
    '$name',
    async ({ dataset, ...table }) => {
      const { path } = await fetchDataset(dataset);
      outcomes[table.name] = await fromFileToVersion(walker, { ...table, file: path, budget: '1 min', budgetMs: 60_000 });
      expect(complaints).toEqual([]);
    },
    400_000,
  );
});
