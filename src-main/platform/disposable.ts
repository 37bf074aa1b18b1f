type Closer = () => void | Promise<void>;

/** Owns what must be closed: connections, timers, child processes. Closes in reverse order, all of them even if one fails. */
export class DisposableStore implements AsyncDisposable {
  readonly #closers: Closer[] = [];
  #disposed: Promise<void> | null = null;

  /** Returns what it was given. After disposal the newcomer is closed at once. */
  add<T extends AsyncDisposable | Disposable | Closer>(item: T): T {
    const closer = closerOf(item);
    if (this.#disposed) void Promise.resolve(closer()).catch(() => {});
    else this.#closers.push(closer);
    return item;
  }

  get disposed(): boolean {
    return this.#disposed !== null;
  }

  [Symbol.asyncDispose](): Promise<void> {
    return (this.#disposed ??= this.#closeAll());
  }

  async #closeAll(): Promise<void> {
    const failures: unknown[] = [];
    for (const close of this.#closers.splice(0).reverse()) {
      try {
        await close();
      } catch (error) {
        failures.push(error);
      }
    }
    if (failures.length === 1) throw failures[0];
    if (failures.length > 1) throw new AggregateError(failures, 'Several parts did not close');
  }
}

function closerOf(item: AsyncDisposable | Disposable | Closer): Closer {
  if (typeof item === 'function') return item;
  if (Symbol.asyncDispose in item) return async () => await item[Symbol.asyncDispose]();
  return () => item[Symbol.dispose]();
}
