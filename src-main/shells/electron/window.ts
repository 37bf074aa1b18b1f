import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { app, BrowserWindow, Menu, screen, type MenuItemConstructorOptions, type Rectangle } from 'electron';
import { z } from 'zod';
import { home } from './security.ts';

const bounds = z.object({
  x: z.int(),
  y: z.int(),
  width: z.int().min(640).max(20_000),
  height: z.int().min(400).max(20_000),
  maximized: z.boolean(),
});
type Bounds = z.infer<typeof bounds>;

/** Shows the interface where it was closed last, else 1440 × 900 in the middle. */
export async function openWindow(preload: string): Promise<BrowserWindow> {
  Menu.setApplicationMenu(Menu.buildFromTemplate(menu()));
  const last = remembered();
  const window = new BrowserWindow({
    ...(last ? { x: last.x, y: last.y, width: last.width, height: last.height } : { width: 1440, height: 900 }),
    minWidth: 900,
    minHeight: 600,
    title: 'Modelkeep',
    show: false,
    autoHideMenuBar: true,
    webPreferences: { preload, contextIsolation: true, sandbox: true, nodeIntegration: false, webviewTag: false, spellcheck: false },
  });
  if (last?.maximized) window.maximize();
  window.once('ready-to-show', () => window.show());
  window.on('close', () => remember({ ...window.getNormalBounds(), maximized: window.isMaximized() }));
  // A page that crashed shows nothing; loaded again, it finds everything in the core.
  window.webContents.on('render-process-gone', (_event, { reason }) => {
    if (reason !== 'clean-exit' && !window.isDestroyed()) window.webContents.reload();
  });
  await window.loadURL(home);
  return window;
}

function boundsFile(): string {
  return join(app.getPath('userData'), 'window.json');
}

/** null when there is nothing to remember, or the screen that it was on is gone. */
function remembered(): Bounds | null {
  try {
    const found = bounds.parse(JSON.parse(readFileSync(boundsFile(), 'utf8')));
    return screen.getAllDisplays().some(({ workArea }) => overlaps(workArea, found)) ? found : null;
  } catch {
    return null;
  }
}

function remember(found: Bounds): void {
  try {
    writeFileSync(boundsFile(), JSON.stringify(found));
  } catch {
    // The next window opens in the middle; nothing else depends on it.
  }
}

/** At least a corner that can be taken hold of. */
function overlaps(area: Rectangle, { x, y, width, height }: Bounds): boolean {
  const across = Math.min(area.x + area.width, x + width) - Math.max(area.x, x);
  const down = Math.min(area.y + area.height, y + height) - Math.max(area.y, y);
  return across >= 100 && down >= 50;
}

/** What the system's keys need: copy and paste, zoom, quit. The rest of the commands are in the page. */
function menu(): MenuItemConstructorOptions[] {
  return [
    ...(process.platform === 'darwin' ? [{ role: 'appMenu' } as const] : []),
    { role: 'fileMenu' },
    { role: 'editMenu' },
    {
      label: 'View',
      submenu: [
        { role: 'reload' },
        { type: 'separator' },
        { role: 'resetZoom' },
        { role: 'zoomIn' },
        { role: 'zoomOut' },
        { role: 'togglefullscreen' },
        ...(app.isPackaged ? [] : [{ role: 'toggleDevTools' } as const]),
      ],
    },
  ];
}
