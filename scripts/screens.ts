// npm run screens: a picture of every view, light and dark, English and Chinese, with real data, into .cache/screens/all/.
//   npm run screens -- [NAME…]   only these views
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { startApp } from '../test/support/app.ts';
import { launchChromium, looks, openPage, show } from '../test/support/browser.ts';
import { fillWorkspace } from '../test/support/fillWorkspace.ts';
import { ensureBuilt, root } from './build.ts';
import { ensureSystemPackages } from './systemPackages.ts';

ensureSystemPackages();
await ensureBuilt();
const folder = join(root, '.cache/screens/all');
mkdirSync(folder, { recursive: true });
const workspace = mkdtempSync(join(tmpdir(), 'modelkeep-screens-'));
const app = await startApp(workspace);
const browser = await launchChromium();
try {
  const { pages } = await fillWorkspace(app.client);
  const chosen = Object.entries(pages).filter(([name]) => process.argv.length < 3 || process.argv.includes(name));
  for (const look of looks) {
    const page = await openPage(browser, app.url, look);
    for (const [name, hash] of chosen) {
      await show(page, hash);
      await page.screenshot({ path: join(folder, `${name}.${look.theme}-${look.language}.png`) });
    }
    await page.context().close();
  }
  console.log(`${chosen.length * looks.length} pictures in ${folder}`);
} finally {
  await browser.close();
  await app.stop();
  rmSync(workspace, { recursive: true, force: true });
}
