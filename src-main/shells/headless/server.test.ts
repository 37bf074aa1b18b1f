import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { request as httpRequest, type OutgoingHttpHeaders } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import { WebSocket } from 'ws';
import { createServer, type AddressInfo } from 'node:net';
import { once } from 'node:events';
import { startHeadless, type HeadlessServer } from './server.ts';

let folder: string;
let server: HeadlessServer;
let origin: string;
let token: string;
const limitBytes = 1_000_000;

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'modelkeep-'));
  mkdirSync(join(folder, 'ui'));
  writeFileSync(join(folder, 'ui/index.html'), '<!doctype html>page');
  writeFileSync(join(folder, 'secret.html'), 'outside');
  server = await startHeadless({ workspaceFolder: join(folder, 'w'), renderer: join(folder, 'ui'), uploadLimitBytes: limitBytes });
  origin = new URL(server.url).origin;
  token = new URL(server.url).hash.replace('#token=', '');
});
afterAll(async () => {
  await server.close();
  rmSync(folder, { recursive: true, force: true });
});

interface Answer {
  status: number;
  headers: Record<string, string | string[] | undefined>;
  body: string;
}

function ask(
  path: string,
  { method = 'GET', headers = {}, body }: { method?: string; headers?: OutgoingHttpHeaders; body?: Buffer | string } = {},
): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const request = httpRequest(origin + path, { method, headers }, (response) => {
      const pieces: Buffer[] = [];
      response
        .on('data', (piece: Buffer) => pieces.push(piece))
        .on('end', () => resolve({ status: response.statusCode!, headers: response.headers, body: Buffer.concat(pieces).toString() }));
    });
    request.on('error', reject).end(body);
  });
}

const allowed = (): OutgoingHttpHeaders => ({ origin, authorization: `Bearer ${token}` });
const upload = (name: string, body: Buffer | string, headers: OutgoingHttpHeaders = allowed(), more = ''): Promise<Answer> =>
  ask(`/upload?name=${encodeURIComponent(name)}${more}`, { method: 'POST', headers, body });
const uploadsFolder = (): string => join(folder, 'w/tmp/uploads');

test('serves the interface with its security headers, and nothing outside its folder', async () => {
  const page = await ask('/');
  expect(page).toMatchObject({ status: 200, body: '<!doctype html>page' });
  expect(page.headers['content-security-policy']).toContain("default-src 'self'");
  expect(page.headers['x-content-type-options']).toBe('nosniff');
  for (const path of ['/../secret.html', '/%2e%2e/secret.html', '/..%2fsecret.html', '/none.html', '/upload'])
    expect((await ask(path)).status, path).toBe(404);
});

test.each(['evil.example', '127.0.0.1', 'localhost:1'])('refuses Host %s', async (host) => {
  expect((await ask('/', { headers: { host } })).status).toBe(403);
});

test('refuses other methods', async () => {
  expect((await ask('/', { method: 'POST' })).status).toBe(405);
  expect((await ask('/upload?name=x', { method: 'PUT', headers: allowed() })).status).toBe(405);
});

test('a code leads to the page with its token, once', async () => {
  const path = server.openUrl().slice(origin.length);
  expect(path).not.toContain(token);
  expect(await ask(path)).toMatchObject({ status: 302, headers: { location: `/#token=${token}`, 'cache-control': 'no-store' } });
  expect(await ask(path)).toMatchObject({ status: 302, headers: { location: '/' } });
  expect(await ask('/open?code=')).toMatchObject({ headers: { location: '/' } });
});

test('a code ends after a minute', async () => {
  vi.useFakeTimers({ toFake: ['Date'] });
  try {
    const path = server.openUrl().slice(origin.length);
    vi.setSystemTime(Date.now() + 61_000);
    expect(await ask(path)).toMatchObject({ headers: { location: '/' } });
  } finally {
    vi.useRealTimers();
  }
});

test('an upload lands in the workspace, whole, under a harmless name', async () => {
  const bytes = Buffer.alloc(900_000, 'row\n');
  const { status, body } = await upload('../../客户.csv', bytes);
  expect(status).toBe(200);
  const answer = JSON.parse(body) as { ok: boolean; path: string; sizeBytes: number };
  expect(answer).toMatchObject({ ok: true, sizeBytes: bytes.length });
  expect(answer.path.startsWith(uploadsFolder())).toBe(true);
  expect(answer.path.endsWith('/客户.csv')).toBe(true);
  expect(readFileSync(answer.path).equals(bytes)).toBe(true);
});

test('files of one batch keep their folders beside each other', async () => {
  const answers = await Promise.all(
    ['pets/cats/1.png', 'pets/dogs/1.png'].map(
      async (name) => JSON.parse((await upload(name, name, allowed(), '&batch=batch-0001')).body) as { folder: string },
    ),
  );
  const batch = join(uploadsFolder(), 'batch-0001');
  expect(answers.map(({ folder: at }) => at)).toEqual([batch, batch]);
  expect(readFileSync(join(batch, 'pets/dogs/1.png'), 'utf8')).toBe('pets/dogs/1.png');
});

test.each<[string, () => OutgoingHttpHeaders]>([
  ['without a token', () => ({ origin })],
  ['with a wrong token', () => ({ origin, authorization: `Bearer ${'0'.repeat(64)}` })],
  ['without an origin', () => ({ authorization: `Bearer ${token}` })],
  ['from a foreign page', () => ({ origin: 'http://evil.example', authorization: `Bearer ${token}` })],
])('an upload %s is refused', async (_title, headers) => {
  const before = readdirSync(uploadsFolder());
  const { status, body } = await upload('x.csv', 'x', headers());
  expect(status).toBe(401);
  expect(JSON.parse(body)).toEqual({ ok: false, error: { code: 'MK_TOKEN_MISSING', params: {} } });
  expect(readdirSync(uploadsFolder())).toEqual(before);
});

test.each([
  ['announced', allowed],
  ['hidden by chunks', () => ({ ...allowed(), 'transfer-encoding': 'chunked' })],
])('an upload beyond the limit, %s, is refused and leaves nothing', async (_title, headers) => {
  const before = readdirSync(uploadsFolder());
  const answer = await upload('big.csv', Buffer.alloc(limitBytes + 1), headers()).catch((error: NodeJS.ErrnoException) => error);
  // The server may close the connection while the rest is still being sent.
  if (answer instanceof Error) expect(['ECONNRESET', 'EPIPE']).toContain((answer as NodeJS.ErrnoException).code);
  else expect(JSON.parse(answer.body)).toMatchObject({ ok: false, error: { code: 'MK_UPLOAD_TOO_LARGE' } });
  await vi.waitFor(() => expect(readdirSync(uploadsFolder())).toEqual(before));
});

test('an upload that breaks off leaves nothing', async () => {
  const before = readdirSync(uploadsFolder());
  const request = httpRequest(`${origin}/upload?name=half.csv`, { method: 'POST', headers: { ...allowed(), 'content-length': 100_000 } });
  request.on('error', () => {});
  request.write(Buffer.alloc(50_000));
  await vi.waitFor(() => expect(readdirSync(uploadsFolder()).length).toBe(before.length + 1));
  request.destroy();
  await vi.waitFor(() => expect(readdirSync(uploadsFolder())).toEqual(before));
});

function open(protocols: string[], headers: Record<string, string> = { origin }): Promise<WebSocket | number> {
  const socket = new WebSocket(`${origin.replace('http', 'ws')}/rpc`, protocols, { headers });
  return new Promise((resolve) => {
    socket
      .on('open', () => resolve(socket))
      .on('unexpected-response', (_request, response) => resolve(response.statusCode!))
      .on('error', () => {});
  });
}

test.each<[string, () => [string[], Record<string, string>]]>([
  ['no token', () => [['modelkeep'], { origin }]],
  ['a wrong token', () => [['modelkeep', 'f'.repeat(64)], { origin }]],
  ['a foreign origin', () => [['modelkeep', token], { origin: 'http://evil.example' }]],
  ['no origin', () => [['modelkeep', token], {}]],
  ['a foreign host', () => [['modelkeep', token], { origin, host: 'evil.example' }]],
])('a socket with %s is refused', async (_title, parts) => {
  expect(await open(...parts())).toBe(403);
});

test('requests are answered and events arrive, on every socket', async () => {
  const [one, other] = (await Promise.all([open(['modelkeep', token]), open(['modelkeep', token])])) as [WebSocket, WebSocket];
  const messages: { id?: number; event?: string; ok?: boolean; result?: unknown }[] = [];
  const events: string[] = [];
  one.on('message', (data) => messages.push(JSON.parse(String(data)) as object));
  other.on('message', (data) => events.push((JSON.parse(String(data)) as { event: string }).event));
  one.send('not json');
  one.send(JSON.stringify({ id: 7, method: 'system.settings', params: {} }));
  await vi.waitFor(() => expect(messages).toHaveLength(2));
  expect(messages).toContainEqual(expect.objectContaining({ id: 0, ok: false }));
  const settings = messages.find(({ id }) => id === 7)!.result as object;
  one.send(JSON.stringify({ id: 8, method: 'system.saveSettings', params: { ...settings, requestRetentionDays: 4 } }));
  await vi.waitFor(() => expect(events).toContain('changed'));
  one.terminate();
  other.terminate();
});

test('a port that is taken is MK_PORT_IN_USE and leaves no core behind', async () => {
  const taken = createServer().listen(0, '127.0.0.1');
  await once(taken, 'listening');
  const { port } = taken.address() as AddressInfo;
  await expect(startHeadless({ port, workspaceFolder: join(folder, 'other') })).rejects.toMatchObject({
    code: 'MK_PORT_IN_USE',
    params: { port },
  });
  expect(readdirSync(folder)).not.toContain('other');
  taken.close();
});

test('a workspace in use is refused and the port is given back', async () => {
  await expect(startHeadless({ workspaceFolder: join(folder, 'w') })).rejects.toMatchObject({ code: 'MK_WORKSPACE_LOCKED' });
});
