// One WebSocket that comes back by itself. Requests made while it is away wait for it; those under way when it breaks fail,
// because nobody knows whether they were carried out.
import { eventSchema, failure, responseSchema, type RpcEvent, type RpcRequest, type Transport } from '../../src-shared/rpc/envelope.ts';
import { PendingRequests } from '../../src-shared/rpc/pending.ts';

/** `refused`: never connected, so the token or the server is wrong; `lost`: it worked before. */
export type ConnectionState = 'connecting' | 'open' | 'lost' | 'refused';

/** The part of WebSocket that is used; a test hands in its own. */
export type Socket = Pick<WebSocket, 'send' | 'onopen' | 'onmessage' | 'onclose'>;

/** A request that waits for the connection. */
interface Waiting {
  send(): void;
  fail(): void;
}

const firstRetryMs = 300;
const longestRetryMs = 5000;
/** A request that waits longer than this for the connection fails. */
const patienceMs = 60_000;

export class WebSocketTransport implements Transport {
  readonly #connect: () => Socket;
  readonly #hasToken: boolean;
  readonly #pending = new PendingRequests();
  readonly #eventListeners = new Set<(event: RpcEvent) => void>();
  readonly #stateListeners = new Set<(state: ConnectionState, waiting: number) => void>();
  #queue: Waiting[] = [];
  #socket: Socket | null = null;
  #state: ConnectionState = 'connecting';
  #retryMs = firstRetryMs;

  constructor(connect: () => Socket, hasToken: boolean) {
    this.#connect = connect;
    this.#hasToken = hasToken;
    this.#open();
  }

  async send(request: RpcRequest): Promise<unknown> {
    if (this.#state === 'refused') return failure(request.id, this.#refusalCode());
    if (this.#state === 'open') return this.#sendNow(request);
    return new Promise((resolve) => {
      const entry: Waiting = {
        send: () => (clearTimeout(timer), resolve(this.#sendNow(request))),
        fail: () => (clearTimeout(timer), resolve(failure(request.id, this.#refusalCode()))),
      };
      const timer = setTimeout(() => {
        this.#queue = this.#queue.filter((other) => other !== entry);
        entry.fail();
        this.#tell();
      }, patienceMs);
      this.#queue.push(entry);
      this.#tell();
    });
  }

  onEvent(listener: (event: RpcEvent) => void): () => void {
    this.#eventListeners.add(listener);
    return () => this.#eventListeners.delete(listener);
  }

  onState(listener: (state: ConnectionState, waiting: number) => void): () => void {
    this.#stateListeners.add(listener);
    listener(this.#state, this.#queue.length);
    return () => this.#stateListeners.delete(listener);
  }

  #open(): void {
    const socket = this.#connect();
    socket.onopen = () => {
      this.#socket = socket;
      this.#retryMs = firstRetryMs;
      const queue = this.#queue;
      this.#queue = [];
      this.#state = 'open';
      for (const { send } of queue) send();
      this.#tell();
    };
    socket.onmessage = ({ data }) => this.#receive(JSON.parse(String(data)));
    socket.onclose = () => this.#closed();
  }

  #receive(message: unknown): void {
    const event = eventSchema.safeParse(message);
    if (event.success) for (const listener of this.#eventListeners) listener(event.data);
    else this.#pending.settle(responseSchema.parse(message));
  }

  #closed(): void {
    this.#socket = null;
    this.#state = this.#state === 'open' || this.#state === 'lost' ? 'lost' : 'refused';
    this.#pending.failAll('MK_DISCONNECTED');
    if (this.#state === 'refused') {
      for (const { fail } of this.#queue) fail();
      this.#queue = [];
    }
    this.#tell();
    setTimeout(() => this.#open(), this.#retryMs);
    this.#retryMs = Math.min(longestRetryMs, this.#retryMs * 2);
  }

  #sendNow(request: RpcRequest): Promise<unknown> {
    return this.#pending.add(request, (copy) => this.#socket?.send(JSON.stringify(copy)));
  }

  #refusalCode(): string {
    return this.#hasToken ? 'MK_DISCONNECTED' : 'MK_TOKEN_MISSING';
  }

  #tell(): void {
    for (const listener of this.#stateListeners) listener(this.#state, this.#queue.length);
  }
}
