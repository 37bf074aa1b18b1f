import { mkdtempSync, rmSync } from 'node:fs';
import { once } from 'node:events';
import { connect, createServer, type Server, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { coreAddress, onFrames, sendFrame } from './framedSocket.ts';

let folder: string;
let server: Server;
let client: Socket;
const received: unknown[] = [];

beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), 'modelkeep-'));
  received.length = 0;
  server = createServer((socket) => {
    socket.on('error', () => {});
    onFrames(socket, (message) => received.push(message));
  }).listen(join(folder, 's'));
  await once(server, 'listening');
  client = connect(join(folder, 's'));
  client.on('error', () => {});
  await once(client, 'connect');
});
afterEach(() => {
  client.destroy();
  server.close();
  rmSync(folder, { recursive: true, force: true });
});

const frame = (message: unknown): Buffer => {
  const text = Buffer.from(JSON.stringify(message));
  const head = Buffer.alloc(4);
  head.writeUInt32BE(text.length);
  return Buffer.concat([head, text]);
};

test('messages arrive whole and in order, large ones too', async () => {
  const messages = [{ a: '数据' }, [], { big: 'x'.repeat(3_000_000) }, null, 1];
  for (const message of messages) sendFrame(client, message);
  await vi.waitFor(() => expect(received).toEqual(messages));
});

test('however the bytes are cut', async () => {
  const bytes = Buffer.concat([frame({ a: 1 }), frame({ b: 'ü' }), frame('c')]);
  for (const byte of bytes) client.write(Buffer.of(byte));
  client.write(Buffer.concat([bytes, bytes]));
  await vi.waitFor(() => expect(received).toEqual(Array.from({ length: 3 }, () => [{ a: 1 }, { b: 'ü' }, 'c']).flat()));
});

test.each([
  ['a length beyond the limit', Buffer.of(0x7f, 255, 255, 255)],
  ['what is no JSON', Buffer.concat([Buffer.of(0, 0, 0, 3), Buffer.from('{a}')])],
  ['another protocol', Buffer.from('GET / HTTP/1.1\r\n\r\n')],
])('%s ends the connection', async (_title, bytes) => {
  client.write(bytes);
  await once(client, 'close');
  expect(received).toEqual([]);
});

test.skipIf(process.platform === 'win32')(
  'the address is in the workspace, or short where that would be too long; the same for all who ask',
  () => {
    expect(coreAddress('/home/ada/Modelkeep')).toBe('/home/ada/Modelkeep/run/core.sock');
    const long = coreAddress(`/home/${'long/'.repeat(40)}w`);
    expect(Buffer.byteLength(long)).toBeLessThanOrEqual(100);
    expect(coreAddress(`/home/${'long/'.repeat(40)}w/../w`)).toBe(long);
    expect(coreAddress(`/home/${'long/'.repeat(40)}v`)).not.toBe(long);
  },
);
