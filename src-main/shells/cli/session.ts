// Where commands find a core: the one that already runs on the workspace, through its socket, or one in this process.
import { connect, type Socket } from 'node:net';
import { existsSync } from 'node:fs';
import { failure, responseSchema, type RpcEvent, type Transport } from '../../../src-shared/rpc/envelope.ts';
import { PendingRequests } from '../../../src-shared/rpc/pending.ts';
import { createClient, type Client } from '../../../src-shared/rpc/client.ts';
import { createCore } from '../../core.ts';
import { coreAddress, onFrames, sendFrame } from '../../platform/framedSocket.ts';
import { currentActor } from '../workspaceFolder.ts';

export interface Session {
  client: Client;
  /** True when the core lives in this process. */
  own: boolean;
  close(): Promise<void>;
}

/** Errors: MK_WORKSPACE_LOCKED when the holder takes no commands (another command line), and what opening says. */
export async function openSession(workspaceFolder: string): Promise<Session> {
  const socket = await connectTo(coreAddress(workspaceFolder));
  if (socket) {
    return { client: createClient(socketTransport(socket)), own: false, close: async () => void socket.destroy() };
  }
  const core = await createCore({ workspaceFolder, shell: 'cli', actor: currentActor() });
  const transport: Transport = { send: (request) => core.dispatch(request), onEvent: (listener) => core.onEvent(listener) };
  return { client: createClient(transport), own: true, close: () => core.close() };
}

/** null when nobody listens. */
async function connectTo(address: string): Promise<Socket | null> {
  if (process.platform !== 'win32' && !existsSync(address)) return null;
  return new Promise((resolve) => {
    const socket = connect(address);
    socket.once('error', () => resolve(null)).once('connect', () => resolve(socket));
  });
}

function socketTransport(socket: Socket): Transport {
  const pending = new PendingRequests();
  const listeners = new Set<(event: RpcEvent) => void>();
  onFrames(socket, (message) => {
    if (typeof message === 'object' && message !== null && 'event' in message)
      for (const listener of listeners) listener(message as RpcEvent);
    else pending.settle(responseSchema.parse(message));
  });
  let lost = false;
  socket.on('error', () => socket.destroy());
  socket.on('close', () => {
    lost = true;
    pending.failAll('MK_CORE_EXITED');
  });
  return {
    send: (request) =>
      lost ? Promise.resolve(failure(request.id, 'MK_CORE_EXITED')) : pending.add(request, (copy) => sendFrame(socket, copy)),
    onEvent: (listener) => {
      listeners.add(listener);
      return () => void listeners.delete(listener);
    },
  };
}
