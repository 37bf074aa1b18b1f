// What a person does in any view: go to an area, choose from a list, read a row; found by role, label and text.
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import type { Locator, Page } from 'playwright-core';
import { expect } from 'vitest';

export const languageNames = { en: 'English', zh: '中文' } as const;

/** Somebody in front of a window with a workspace of its own. */
export interface Walker {
  page: Page;
  /** For the files that this person has. */
  folder: string;
  /** Presses `button` and chooses `file` in the dialog that the shell opens: the browser's or the system's. */
  chooseFile(button: Locator, file: string): Promise<void>;
  /** A picture of the window, under a name. */
  shoot(name: string): Promise<void>;
}

const pictures = join(import.meta.dirname, '../../.cache/screens/e2e');

/** Pictures go to .cache/screens/e2e/SHELL-NAME.png. */
export function shooter(page: Page, shell: string): Walker['shoot'] {
  mkdirSync(pictures, { recursive: true });
  return async (name) => void (await page.screenshot({ path: join(pictures, `${shell}-${name}.png`), animations: 'disabled' }));
}

/** Errors that the window prints from now on; none is expected. */
export function complaintsOf(page: Page): string[] {
  const complaints: string[] = [];
  page.on('console', (message) => message.type() === 'error' && complaints.push(message.text()));
  page.on('pageerror', (error) => complaints.push(String(error)));
  return complaints;
}

export const main = (page: Page): Locator => page.getByRole('main');

/** Opens an area from the rail. */
export async function goTo(page: Page, area: string): Promise<void> {
  const link = page.getByRole('navigation', { name: 'Main' }).getByRole('link', { name: area }).first();
  const address = await link.getAttribute('href');
  await link.click();
  await expect.poll(() => new URL(page.url()).hash).toContain(address);
  await main(page).getByRole('heading', { level: 1 }).waitFor();
}

/** Types into a box that finds among many, and takes the option. */
export async function find(page: Page, box: Locator, option: string): Promise<void> {
  await box.fill(option);
  await page.getByRole('option', { name: option }).first().click();
}

/** Opens a list of a few and takes the option. */
export async function pick(page: Page, list: Locator, option: string | RegExp): Promise<void> {
  await list.click();
  await page.getByRole('option', { name: option }).first().click();
}

/** The visible text of `where`, with single spaces, until it matches. */
export async function reads(where: Locator, text: string | RegExp, timeout = 30_000): Promise<void> {
  const read = expect.poll(() => visibleText(where), { timeout, interval: 100 });
  await (typeof text === 'string' ? read.toContain(text) : read.toMatch(text));
}

export async function visibleText(where: Locator): Promise<string> {
  const text = await where
    .first()
    .innerText({ timeout: 1000 })
    .catch(() => '');
  return text.replace(/\s+/g, ' ').trim();
}

/** The address inside the page, such as `#/data/customers/v1`. */
export async function isAt(page: Page, address: string | RegExp, timeout = 30_000): Promise<void> {
  const at = expect.poll(() => decodeURIComponent(new URL(page.url()).hash), { timeout, interval: 100 });
  await (typeof address === 'string' ? at.toBe(address) : at.toMatch(address));
}

/** Where the trace line says that this object comes from. */
export async function trace(page: Page): Promise<string[]> {
  const steps = await main(page).getByRole('navigation', { name: 'Trace' }).getByRole('listitem').allTextContents();
  return steps.map((step) => step.trim());
}
