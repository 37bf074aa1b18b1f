// The one connection of this window, as a typed client and as reactive state for the status bar.
import { createClient, type Client } from '../../src-shared/rpc/client.ts';
import { openConnection } from './transport.ts';
import type { ConnectionState } from './webSocketTransport.ts';

const { name, transport, onState } = openConnection();

/** `client.call('data.list', {})` and `client.on('changed', handler)`. */
export const client: Client = createClient(transport);

class ConnectionStatus {
  readonly name = name;
  #state = $state<ConnectionState>('connecting');
  #waiting = $state(0);
  readonly #reconnected = new Set<() => void>();

  constructor() {
    onState((state, waiting) => {
      const cameBack = this.#state === 'lost' && state === 'open';
      this.#state = state;
      this.#waiting = waiting;
      if (cameBack) for (const listener of this.#reconnected) listener();
    });
    client.on('coreRestarted', () => this.#reconnected.forEach((listener) => listener()));
  }

  get state(): ConnectionState {
    return this.#state;
  }
  /** Requests that wait for the connection to come back. */
  get waiting(): number {
    return this.#waiting;
  }
  /** Called when the connection is back or the core restarted: load again what is shown. Returns the way to stop. */
  onReturn(listener: () => void): () => void {
    this.#reconnected.add(listener);
    return () => this.#reconnected.delete(listener);
  }
}

export const connection = new ConnectionStatus();
