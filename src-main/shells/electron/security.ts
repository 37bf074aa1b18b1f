// What the page may do: show itself. Everything else that a browser could is turned off.
import { app, protocol, session } from 'electron';
import { uiFile } from '../../platform/uiFiles.ts';

export const home = 'app://modelkeep/';

/** Chromium's own errands: proxy discovery (DNS for "wpad"), component updates, probes of the outside. The page needs none of them. */
const noNetwork: Record<string, string> = {
  'no-proxy-server': '',
  'host-resolver-rules': 'MAP * ~NOTFOUND',
  'disable-background-networking': '',
  'disable-component-update': '',
  'disable-domain-reliability': '',
  'disable-sync': '',
  'no-pings': '',
  'dns-prefetch-disable': '',
};

/** Before the application is ready. */
export function declareSafeDefaults(): void {
  for (const [name, value] of Object.entries(noNetwork)) app.commandLine.appendSwitch(name, value);
  protocol.registerSchemesAsPrivileged([{ scheme: 'app', privileges: { standard: true, secure: true, supportFetchAPI: true } }]);
  // No page but ours is ever shown, no second window, no embedded page.
  app.on('web-contents-created', (_event, contents) => {
    contents.on('will-navigate', (event) => {
      if (!event.url.startsWith(home)) event.preventDefault();
    });
    contents.on('will-redirect', (event) => {
      if (!event.url.startsWith(home)) event.preventDefault();
    });
    contents.on('will-attach-webview', (event) => event.preventDefault());
    contents.setWindowOpenHandler(() => ({ action: 'deny' }));
  });
}

/** Once the application is ready: serves the interface from `renderer`, refuses every permission and every request to anywhere else. */
export function guardSession(renderer: string): void {
  const { defaultSession } = session;
  defaultSession.setPermissionRequestHandler((_contents, _permission, answer) => answer(false));
  defaultSession.setPermissionCheckHandler(() => false);
  defaultSession.setDevicePermissionHandler(() => false);
  defaultSession.webRequest.onBeforeRequest(
    { urls: ['http://*/*', 'https://*/*', 'ws://*/*', 'wss://*/*', 'ftp://*/*'] },
    (_details, answer) => answer({ cancel: true }),
  );
  defaultSession.on('will-download', (event) => event.preventDefault());
  protocol.handle('app', async (request) => {
    const url = new URL(request.url);
    const file = await uiFile(renderer, url.host === 'modelkeep' ? url.pathname : '');
    return new Response(file.body, { status: file.status, headers: file.headers });
  });
}
