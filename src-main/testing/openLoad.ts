// Open-loop load for tests and benchmarks: requests leave at their time whether or not earlier ones were answered, so a stall shows. Not part of the product.
import { Agent } from 'node:http';
import { http, type HttpAnswer } from './serveBench.ts';

export interface LoadResult {
  sent: number;
  answers: { sentAt: number; answeredAt: number; status: number; body: HttpAnswer['body'] }[];
  /** Connections that broke, with the system's code. */
  broken: { sentAt: number; code: string }[];
}

export class OpenLoad {
  readonly #url: string;
  readonly #agent = new Agent({ keepAlive: true, maxSockets: 64 });
  readonly #body: (count: number) => unknown;
  readonly result: LoadResult = { sent: 0, answers: [], broken: [] };
  readonly #pending = new Set<Promise<void>>();
  #timer: NodeJS.Timeout | null = null;

  /** `perSecond` requests to `url`, from `start` on. */
  constructor(url: string, body: (count: number) => unknown) {
    this.#url = url;
    this.#body = body;
  }

  start(perSecond: number): this {
    const begun = performance.now();
    this.#timer = setInterval(() => {
      const due = Math.floor(((performance.now() - begun) * perSecond) / 1000);
      while (this.result.sent < due) this.#send();
    }, 2);
    return this;
  }

  async stop(): Promise<LoadResult> {
    if (this.#timer) clearInterval(this.#timer);
    await Promise.all(this.#pending);
    this.#agent.destroy();
    return this.result;
  }

  #send(): void {
    const sentAt = performance.now();
    const sent = http(this.#url, this.#body(this.result.sent++), { agent: this.#agent }).then(
      ({ status, body }) => void this.result.answers.push({ sentAt, answeredAt: performance.now(), status, body }),
      (error: NodeJS.ErrnoException) => void this.result.broken.push({ sentAt, code: error.code ?? error.message }),
    );
    this.#pending.add(sent);
    void sent.finally(() => this.#pending.delete(sent));
  }
}
