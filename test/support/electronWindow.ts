// The built program in the real Electron of the tests (scripts/electronFixture.mjs), with a profile and a workspace of its own.
import { join } from 'node:path';
import { _electron, type ElectronApplication, type Page } from 'playwright-core';
import { prepareElectron } from '../../scripts/electronFixture.mjs';

export interface ElectronWindow {
  electron: ElectronApplication;
  page: Page;
}

/**
 * Starts the program and waits for its window; profile and workspace lie in `folder`.
 * A launch takes a second, but now and then Playwright attaches while the first page replaces the empty one, loses an answer and waits for
 * ever (its issues 17765, 29386). A new Electron works.
 */
export async function launchElectron(folder: string, env: Record<string, string> = {}): Promise<ElectronWindow> {
  const executablePath = await prepareElectron();
  const args = process.getuid?.() === 0 ? ['--no-sandbox'] : [];
  const { DISPLAY, PATH, XAUTHORITY } = process.env;
  // A home of its own: the window's profile must not come from another run.
  const base = {
    DISPLAY,
    PATH,
    XAUTHORITY,
    HOME: folder,
    MODELKEEP_NODE: process.execPath,
    MODELKEEP_WORKSPACE: join(folder, 'workspace'),
  } as Record<string, string>;
  for (const timeout of [8_000, 16_000, 30_000, 30_000]) {
    let electron: ElectronApplication | undefined;
    try {
      electron = await _electron.launch({ executablePath, args, env: { ...base, ...env }, timeout });
      const page = await electron.firstWindow({ timeout });
      await page.locator('footer.statusbar').waitFor({ timeout }); // a page that got lost answers nothing, ever
      return { electron, page };
    } catch (error) {
      console.warn(`Electron launch, ${timeout} ms: ${String(error).split('\n')[0]}`);
      electron?.process().kill('SIGKILL');
    }
  }
  throw new Error('Electron did not start in four attempts');
}

/** Ends it as a user would, and otherwise. */
export async function closeElectron(electron: ElectronApplication | undefined): Promise<void> {
  if (!electron) return;
  const late = setTimeout(() => electron.process().kill('SIGKILL'), 20_000);
  await electron.close().catch(() => {});
  clearTimeout(late);
}
