import type { Caller } from '../../../src-shared/rpc/contract.ts';

export interface AliasMoved {
  model: string;
  alias: string;
  /** null: the alias did not exist before (after: it was removed). */
  from: number | null;
  to: number | null;
  reason: string;
  caller: Caller;
}

/** Who follows aliases, and the rule that moves of one model wait for each other: two switches of one endpoint never overlap. */
export class AliasQueue {
  readonly hooks: ((move: AliasMoved) => Promise<void>)[] = [];
  readonly #last = new Map<string, Promise<unknown>>();

  inTurn<T>(model: string, work: () => Promise<T>): Promise<T> {
    const turn = (this.#last.get(model) ?? Promise.resolve()).then(work, work);
    const settled = turn.catch(() => {});
    this.#last.set(model, settled);
    void settled.then(() => {
      if (this.#last.get(model) === settled) this.#last.delete(model);
    });
    return turn;
  }
}
