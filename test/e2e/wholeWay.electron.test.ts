// The whole way in a real Electron: the same steps as in the browser; only the dialog for files is the system's.
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { ElectronApplication } from 'playwright-core';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { closeElectron, launchElectron } from '../support/electronWindow.ts';
import { walkTheWholeWay } from './wholeWay.ts';
import { complaintsOf, shooter } from './wholeWayWindow.ts';

let folder: string;
let electron: ElectronApplication | undefined;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'modelkeep-way-'));
});
afterEach(async () => {
  await closeElectron(electron);
  rmSync(folder, { recursive: true, force: true });
});

test('the whole way in Electron', { timeout: 600_000 }, async () => {
  const { page, ...started } = await launchElectron(folder, { MODELKEEP_SERVE_PORT: '0' });
  electron = started.electron;
  page.setDefaultTimeout(30_000);
  const complaints = complaintsOf(page);
  await electron.evaluate(({ BrowserWindow }) => BrowserWindow.getAllWindows()[0]!.setContentSize(1440, 900));
  await page.getByRole('contentinfo').getByText('CPU').waitFor();
  const shoot = shooter(page, 'electron');
  try {
    await walkTheWholeWay({
      page,
      folder,
      shoot,
      // No test can click in a dialog of the system: it is answered in the main process, behind the button and the bridge.
      chooseFile: async (button, file) => {
        await started.electron.evaluate(({ dialog }, chosen) => {
          dialog.showOpenDialog = () => Promise.resolve({ canceled: false, filePaths: [chosen] });
        }, file);
        await button.click();
      },
    });
  } catch (error) {
    await shoot('failed');
    throw error;
  }
  expect(complaints).toEqual([]);
});
