// The only file that touches ipcMain: every message is checked for who sent it and what it is.
import { stat } from 'node:fs/promises';
import { basename } from 'node:path';
import { BrowserWindow, dialog, ipcMain, type FileFilter, type IpcMainInvokeEvent, type OpenDialogOptions } from 'electron';
import { z } from 'zod';
import { failure, requestSchema } from '../../../src-shared/rpc/envelope.ts';
import type { SupervisedCore } from '../superviseCore.ts';
import { home } from './security.ts';

const pickOptions = z.object({
  multiple: z.boolean(),
  folder: z.boolean(),
  extensions: z.array(z.string().regex(/^[a-z0-9]{1,10}$/i)).max(50),
});
const saveOptions = z.object({ defaultName: z.string().max(255), extensions: z.array(z.string().regex(/^[a-z0-9]{1,10}$/i)).max(50) });

export function connectIpc(core: SupervisedCore): void {
  handle('rpc', (event, message) => {
    const request = requestSchema.safeParse(message);
    return request.success ? core.dispatch(request.data) : failure(0, 'MK_RPC_BAD_REQUEST', { reason: 'it is not { id, method, params }' });
  });

  /** `[{ path, name, sizeBytes }]`; empty when the person changed their mind. A folder has size 0. */
  handle('pickFiles', async (event, message) => {
    const { multiple, folder, extensions } = pickOptions.parse(message);
    const properties: OpenDialogOptions['properties'] = [
      folder ? 'openDirectory' : 'openFile',
      ...(multiple ? (['multiSelections'] as const) : []),
    ];
    const { filePaths } = await dialog.showOpenDialog(windowOf(event), { properties, filters: folder ? [] : filtersOf(extensions) });
    return Promise.all(
      filePaths.map(async (path) => {
        const found = await stat(path);
        return { path, name: basename(path), sizeBytes: found.isDirectory() ? 0 : found.size };
      }),
    );
  });

  handle('pickFolder', async (event) => {
    const { filePaths } = await dialog.showOpenDialog(windowOf(event), { properties: ['openDirectory', 'createDirectory'] });
    return filePaths[0] ?? null;
  });

  handle('pickSaveFile', async (event, message) => {
    const { defaultName, extensions } = saveOptions.parse(message);
    const { canceled, filePath } = await dialog.showSaveDialog(windowOf(event), {
      defaultPath: basename(defaultName),
      filters: filtersOf(extensions),
    });
    return canceled || !filePath ? null : filePath;
  });

  core.onEvent((event) => {
    for (const window of BrowserWindow.getAllWindows()) if (!window.webContents.isDestroyed()) window.webContents.send('event', event);
  });
}

/** Only the main frame of our own page is answered. */
function handle(channel: string, answer: (event: IpcMainInvokeEvent, message: unknown) => unknown): void {
  ipcMain.handle(channel, (event, message: unknown) => {
    const { senderFrame, sender } = event;
    if (senderFrame === sender.mainFrame && senderFrame?.url.startsWith(home)) return answer(event, message);
    return failure(0, 'MK_RPC_BAD_REQUEST', { reason: 'it comes from another page' });
  });
}

function windowOf({ sender }: IpcMainInvokeEvent): BrowserWindow {
  const window = BrowserWindow.fromWebContents(sender);
  if (!window) throw new Error('a dialog needs its window');
  return window;
}

function filtersOf(extensions: string[]): FileFilter[] {
  return extensions.length === 0 ? [] : [{ name: extensions.map((extension) => `.${extension}`).join(' '), extensions }];
}
