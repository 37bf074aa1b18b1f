// From the command to a window that can be used: the status bar shows what the core reports. Cold: built, nothing in the page cache of the
// browser, an empty workspace. Warm: the same workspace and browser profile again.
import { spawn, type ChildProcess } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import os from 'node:os';
import { join } from 'node:path';
import { chromium, type BrowserContext } from 'playwright-core';
import { ensureBuilt, root } from '../../scripts/build.ts';
import { median, type Benchmark } from './benchmark.ts';

/** Limit that people feel as "it started": there is no peer in one process, so the figure is held against this. */
const limitMs = 5000;
const runs = 5;

export const benchmark: Benchmark = {
  name: 'first-window',
  about: 'npm start to a usable interface, first and warm, against 5 s',
  run: async () => {
    await ensureBuilt();
    const cold: number[] = [];
    const warm: number[] = [];
    for (let run = 0; run < runs; run++) {
      const folder = mkdtempSync(join(os.tmpdir(), 'modelkeep-start-'));
      try {
        cold.push(await startOnce(folder));
        warm.push(await startOnce(folder));
      } finally {
        rmSync(folder, { recursive: true, force: true });
      }
    }
    const [ours, warmMs] = [median(cold), median(warm)];
    return {
      name: 'first-window',
      ours: Math.round(ours),
      peer: limitMs,
      unit: 'ms',
      ratio: limitMs / ours,
      higherIsBetter: false,
      peerVersion: 'fixed limit',
      machine: os.cpus()[0]?.model ?? '',
      runs,
      notes:
        'npm start --headless on an empty workspace, built; Chromium opens the address; until the status bar shows the core’s figures.',
      extra: { warmMs: Math.round(warmMs) },
    };
  },
};

async function startOnce(folder: string): Promise<number> {
  const startedAt = performance.now();
  const child = spawn('npm', ['start', '--silent', '--', '--headless', '--no-browser', '--workspace', join(folder, 'workspace')], {
    cwd: root,
    stdio: ['ignore', 'pipe', 'inherit'],
    detached: true,
  });
  let browser: BrowserContext | undefined;
  try {
    const url = await addressOf(child);
    browser = await chromium.launchPersistentContext(join(folder, 'profile'), {
      executablePath: '/usr/bin/chromium',
      args: process.getuid?.() === 0 ? ['--no-sandbox'] : [],
    });
    const page = browser.pages()[0] ?? (await browser.newPage());
    await page.goto(url);
    await page.locator('footer.statusbar', { hasText: 'CPU' }).waitFor({ timeout: 30_000 });
    return performance.now() - startedAt;
  } finally {
    await browser?.close();
    const gone = new Promise((resolve) => child.once('exit', resolve));
    process.kill(-child.pid!, 'SIGTERM');
    await gone;
  }
}

function addressOf(child: ChildProcess): Promise<string> {
  return new Promise((resolve, reject) => {
    let printed = '';
    child.stdout!.on('data', (piece) => {
      printed += String(piece);
      const found = /http:\/\/\S+#token=\S+/.exec(printed);
      if (found) resolve(found[0]);
    });
    child.once('exit', (code) => reject(new Error(`npm start ended with ${code}: ${printed}`)));
  });
}
