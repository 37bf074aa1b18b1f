// Debian's Chromium on the interface, with the look that a test asks for.
import { chromium, type Browser, type Page } from 'playwright-core';
import type { StoredPreferences } from '../../src-renderer/app/storedPreferences.ts';

export interface Look {
  theme: 'light' | 'dark';
  language: 'en' | 'zh';
}

export const looks: readonly Look[] = [
  { theme: 'light', language: 'en' },
  { theme: 'dark', language: 'en' },
  { theme: 'light', language: 'zh' },
  { theme: 'dark', language: 'zh' },
];

/** The browser's own errands (updates, proxy discovery, probes) stay at home: the record of outside connections is about us. */
export const chromiumFlags: readonly string[] = [
  ...(process.getuid?.() === 0 ? ['--no-sandbox'] : []),
  '--no-proxy-server',
  '--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1, EXCLUDE localhost',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-domain-reliability',
  '--no-pings',
];

export function launchChromium(): Promise<Browser> {
  return chromium.launch({ executablePath: '/usr/bin/chromium', args: [...chromiumFlags] });
}

/** A fresh page on `url` (with its token) that has heard from the core. */
export async function openPage(
  browser: Browser,
  url: string,
  { theme, language }: Look,
  viewport = { width: 1440, height: 900 },
): Promise<Page> {
  const context = await browser.newContext({ viewport });
  const preferences: StoredPreferences = { language, theme, density: 'regular', railFolded: false, tourSeen: true };
  await context.addInitScript((stored) => localStorage.setItem('modelkeep.preferences', stored), JSON.stringify(preferences));
  const page = await context.newPage();
  await page.goto(url);
  await page.locator('footer.statusbar', { hasText: 'CPU' }).waitFor({ timeout: 20_000 });
  return page;
}

/** Shows another page of the interface and waits until nothing on it is being loaded any more. */
export async function show(page: Page, hash: string): Promise<void> {
  await page.evaluate((address) => void (location.hash = address), hash);
  await page.waitForTimeout(300);
  await page
    .waitForFunction(() => document.querySelectorAll('[aria-busy="true"], .skeleton').length === 0, undefined, { timeout: 15_000 })
    .catch(() => {});
  await page.waitForTimeout(400);
}
