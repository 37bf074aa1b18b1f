// JSON messages over a local socket: four bytes of length (big-endian), then the text. So the command line talks to a running core.
import { createHash } from 'node:crypto';
import { mkdirSync } from 'node:fs';
import type { Socket } from 'node:net';
import os from 'node:os';
import { join, resolve } from 'node:path';

/** A message may be this long; a data grid's window is far below. */
const longestBytes = 64 * 1024 * 1024;
/** `sun_path` has 108 bytes on Linux, 104 on macOS. */
const longestPath = 100;

/** Where the core of the workspace listens: a socket in its `run` folder (0700), or a named pipe on Windows. The same for everyone who asks. */
export function coreAddress(workspaceFolder: string): string {
  const folder = resolve(workspaceFolder);
  const digest = createHash('sha256').update(folder).digest('hex').slice(0, 16);
  if (process.platform === 'win32') return `\\\\.\\pipe\\modelkeep-${digest}`;
  const path = join(folder, 'run', 'core.sock');
  if (Buffer.byteLength(path) <= longestPath) return path;
  const short = join(os.tmpdir(), `modelkeep-${os.userInfo().uid}`);
  mkdirSync(short, { recursive: true, mode: 0o700 });
  return join(short, `${digest}.sock`);
}

/** Cuts the stream into messages. A peer that breaks the rules is cut off. */
export function onFrames(socket: Socket, receive: (message: unknown) => void): void {
  let waiting: Buffer[] = [];
  let length = 0;
  socket.on('data', (piece) => {
    waiting.push(piece as Buffer);
    length += piece.length;
    let buffer: Buffer | null = null;
    while (length >= 4) {
      buffer ??= Buffer.concat(waiting);
      const size = buffer.readUInt32BE(0);
      if (size > longestBytes) return void socket.destroy();
      if (length < 4 + size) break;
      const text = buffer.toString('utf8', 4, 4 + size);
      buffer = buffer.subarray(4 + size);
      length = buffer.length;
      let message: unknown;
      try {
        message = JSON.parse(text);
      } catch {
        return void socket.destroy();
      }
      receive(message);
    }
    if (buffer) waiting = [buffer];
  });
}

export function sendFrame(socket: Socket, message: unknown): void {
  if (socket.destroyed) return;
  const text = Buffer.from(JSON.stringify(message));
  const head = Buffer.alloc(4);
  head.writeUInt32BE(text.length);
  socket.cork();
  socket.write(head);
  socket.write(text);
  socket.uncork();
}
