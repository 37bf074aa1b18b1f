// The engine that answers over stored tables: one for the life of the process, a connection for each question, so that a long question
// does not hold up a window of rows.
import type { OperationContext } from '../../../platform/workerMain.ts';
import { Engine, type Watch } from './engine.ts';
import { engineLimits, workspaceFolders } from './limits.ts';

export class StoredTables {
  #engine: Promise<Engine> | null = null;

  /** `tmp` of the first question is where the engine spills. */
  async ask<R>(tmp: string, { signal, progress }: OperationContext, work: (engine: Engine, watch: Watch) => Promise<R>): Promise<R> {
    this.#engine ??= Engine.open({ tmp, folders: workspaceFolders(tmp), ...engineLimits() });
    const connection = await (await this.#engine).connect();
    try {
      return await work(connection, { signal, progress: (fraction) => progress(fraction) });
    } finally {
      connection[Symbol.dispose]();
    }
  }

  async close(): Promise<void> {
    (await this.#engine)?.[Symbol.dispose]();
  }
}
