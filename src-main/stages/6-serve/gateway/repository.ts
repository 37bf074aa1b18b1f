// The repository extension (https://github.com/triton-inference-server/server/blob/main/docs/protocol/extension_model_repository.md): what is
// deployed is the core's to know and to change, so the gateway asks it.
import { ModelkeepError } from '../../../../src-shared/errors/modelkeepError.ts';
import { rebuildError, type IndexEntry, type RepositoryAnswer, type RepositoryQuestion } from '../wire/repository.ts';

/** Loading a model may take as long as a deployment. */
const withinMs = 90_000;
/** Questions that wait for the core, all callers together. */
const maxWaiting = 64;

export class Repository {
  readonly #send: (question: RepositoryQuestion) => void;
  readonly #waiting = new Map<number, { resolve(entries: IndexEntry[]): void; reject(error: Error): void; timer: NodeJS.Timeout }>();
  #lastId = 0;

  /** `send` carries a question to the core, which answers through `settle`. */
  constructor(send: (question: RepositoryQuestion) => void) {
    this.#send = send;
  }

  /** Every endpoint, those that are stopped too. */
  index(): Promise<IndexEntry[]> {
    return this.#ask({ action: 'index', name: '' });
  }

  /** Starts the endpoint with what its alias points at now. Errors: MK_SERVE_CONTROL_OFF, MK_SERVE_ENDPOINT_UNKNOWN, those of a deployment. */
  async load(name: string): Promise<void> {
    await this.#ask({ action: 'load', name });
  }

  /** Stops it. Errors: MK_SERVE_CONTROL_OFF, MK_SERVE_ENDPOINT_UNKNOWN. */
  async unload(name: string): Promise<void> {
    await this.#ask({ action: 'unload', name });
  }

  settle({ id, entries, error }: RepositoryAnswer): void {
    const waiting = this.#waiting.get(id);
    if (!waiting) return;
    this.#waiting.delete(id);
    clearTimeout(waiting.timer);
    if (error) waiting.reject(rebuildError(error));
    else waiting.resolve(entries);
  }

  #ask(question: Omit<RepositoryQuestion, 'id'>): Promise<IndexEntry[]> {
    if (this.#waiting.size >= maxWaiting) return Promise.reject(new ModelkeepError('MK_SERVE_OVERLOADED', { field: 'repository' }));
    return new Promise((resolve, reject) => {
      const id = ++this.#lastId;
      const timer = setTimeout(() => {
        this.#waiting.delete(id);
        reject(new ModelkeepError('MK_SERVE_NOT_READY', { field: question.name || 'repository', state: 'no answer from Modelkeep' }));
      }, withinMs);
      this.#waiting.set(id, { resolve, reject, timer });
      this.#send({ id, ...question });
    });
  }
}
