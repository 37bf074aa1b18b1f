import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { WebSocketTransport, type ConnectionState, type Socket } from './webSocketTransport.ts';

class FakeSocket implements Socket {
  sent: { id: number; method: string }[] = [];
  onopen: Socket['onopen'] = null;
  onmessage: Socket['onmessage'] = null;
  onclose: Socket['onclose'] = null;
  send(text: string | ArrayBufferLike | Blob | ArrayBufferView): void {
    this.sent.push(JSON.parse(String(text)) as { id: number; method: string });
  }
  open = () => this.onopen?.call(this as never, {} as Event);
  close = () => this.onclose?.call(this as never, {} as CloseEvent);
  receive = (message: unknown) => this.onmessage?.call(this as never, { data: JSON.stringify(message) } as MessageEvent);
}

let sockets: FakeSocket[] = [];
const socket = () => sockets.at(-1)!;
function start(hasToken = true) {
  sockets = [];
  const transport = new WebSocketTransport(() => (sockets.push(new FakeSocket()), socket()), hasToken);
  const states: [ConnectionState, number][] = [];
  transport.onState((state, waiting) => states.push([state, waiting]));
  return { transport, states };
}
const request = (id: number) => ({ id, method: 'system.info', params: {} });

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

test('a request made before the socket opens is sent once it does, and its own id comes back', async () => {
  const { transport } = start();
  const answer = transport.send(request(41));
  expect(socket().sent).toEqual([]);
  socket().open();
  const sent = socket().sent[0]!;
  socket().receive({ id: sent.id, ok: true, result: 7 });
  expect(await answer).toEqual({ id: 41, ok: true, result: 7 });
});

test('a request under way fails when the socket closes; one made meanwhile waits and is sent after the reconnect', async () => {
  const { transport, states } = start();
  socket().open();
  const underWay = transport.send(request(1));
  socket().close();
  expect(await underWay).toMatchObject({ ok: false, error: { code: 'MK_DISCONNECTED' } });
  const waiting = transport.send(request(2));
  expect(states.at(-1)).toEqual(['lost', 1]);
  await vi.advanceTimersByTimeAsync(300);
  expect(sockets).toHaveLength(2);
  socket().open();
  expect(states.at(-1)).toEqual(['open', 0]);
  socket().receive({ id: socket().sent[0]!.id, ok: true, result: null });
  expect(await waiting).toMatchObject({ id: 2, ok: true });
});

test('retries slow down to five seconds and never stop', async () => {
  start();
  socket().open();
  for (let i = 0; i < 12; i++) {
    socket().close();
    const before = sockets.length;
    await vi.advanceTimersByTimeAsync(5000);
    expect(sockets.length).toBe(before + 1);
  }
});

test.each([
  [true, 'MK_DISCONNECTED'],
  [false, 'MK_TOKEN_MISSING'],
])('a page that was never let in says why (token: %s)', async (hasToken, code) => {
  const { transport, states } = start(hasToken);
  const first = transport.send(request(1));
  socket().close();
  expect(await first).toMatchObject({ error: { code } });
  expect(await transport.send(request(2))).toMatchObject({ error: { code } });
  expect(states.at(-1)?.[0]).toBe('refused');
});

test('a request does not wait for ever', async () => {
  const { transport, states } = start();
  socket().open();
  socket().close();
  const waiting = transport.send(request(1));
  await vi.advanceTimersByTimeAsync(60_000);
  expect(await waiting).toMatchObject({ error: { code: 'MK_DISCONNECTED' } });
  expect(states.at(-1)?.[1]).toBe(0);
});

test('events reach their listeners until these stop listening', () => {
  const { transport } = start();
  socket().open();
  const heard: unknown[] = [];
  const stop = transport.onEvent((event) => heard.push(event));
  socket().receive({ event: 'coreRestarted', data: { at: 1 } });
  stop();
  socket().receive({ event: 'coreRestarted', data: { at: 2 } });
  expect(heard).toEqual([{ event: 'coreRestarted', data: { at: 1 } }]);
});
