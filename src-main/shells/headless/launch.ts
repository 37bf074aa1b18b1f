// Starts the browser mode for a person: prints the address, opens a browser window where there is one, ends with the terminal.
import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import { startHeadless, type HeadlessOptions, type HeadlessServer } from './server.ts';

export interface LaunchOptions extends HeadlessOptions {
  /** Opens a Chromium-class browser in application mode. */
  openBrowser: boolean;
  /** Called once it serves. */
  onReady(server: HeadlessServer): void;
}

/** Resolves when a signal has ended it. */
export async function runHeadless({ openBrowser, onReady, ...options }: LaunchOptions): Promise<void> {
  const server = await startHeadless(options);
  onReady(server);
  const browser = openBrowser && hasDisplay() ? findBrowser() : undefined;
  // The address carries a code that works once: arguments are visible to every user of the machine.
  if (browser)
    spawn(browser, [`--app=${server.openUrl()}`, ...sandboxFlags()], { stdio: 'ignore', detached: true })
      .on('error', () => {})
      .unref();
  await new Promise<void>((resolve) => {
    for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.once(signal, () => resolve());
  });
  await server.close();
}

export function hasDisplay(): boolean {
  return process.platform !== 'linux' || Boolean(process.env.DISPLAY || process.env.WAYLAND_DISPLAY);
}

/** Chromium refuses its sandbox to root; that happens in containers only. */
export function sandboxFlags(): string[] {
  return process.getuid?.() === 0 ? ['--no-sandbox'] : [];
}

function findBrowser(): string | undefined {
  const names = ['chromium', 'chromium-browser', 'google-chrome', 'microsoft-edge'];
  const folders = (process.env.PATH ?? '').split(delimiter).filter(Boolean);
  return names.flatMap((name) => folders.map((folder) => join(folder, name))).find((path) => existsSync(path));
}
