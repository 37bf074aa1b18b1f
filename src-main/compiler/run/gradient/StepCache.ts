/** What a compiled step is bound to. */
export interface StepSizes {
  readonly batchSize: number;
  /** Sizes of the other open names, such as { tokens: 96 }. */
  readonly bindings: Readonly<Record<string, number>>;
}

/**
 * Compiled steps by their sizes, the most recently used `limit` of them. What is made for one set of sizes stays until others
 * push it out; then `release` gets it.
 */
export class StepCache<Step> {
  readonly #made = new Map<string, Step>();
  readonly #make: (sizes: StepSizes) => Promise<Step>;
  readonly #release: (step: Step) => Promise<void>;
  readonly #limit: number;

  constructor(limit: number, make: (sizes: StepSizes) => Promise<Step>, release: (step: Step) => Promise<void>) {
    this.#limit = limit;
    this.#make = make;
    this.#release = release;
  }

  get size(): number {
    return this.#made.size;
  }

  async at(sizes: StepSizes): Promise<Step> {
    const key = keyOf(sizes);
    const known = this.#made.get(key);
    this.#made.delete(key);
    const step = known ?? (await this.#make(sizes));
    // Last in the order of the map: used last.
    this.#made.set(key, step);
    const [oldest] = this.#made;
    if (this.#made.size > this.#limit && oldest) {
      this.#made.delete(oldest[0]);
      await this.#release(oldest[1]);
    }
    return step;
  }

  async release(): Promise<void> {
    const all = [...this.#made.values()];
    this.#made.clear();
    for (const each of all) await this.#release(each);
  }
}

function keyOf({ batchSize, bindings }: StepSizes): string {
  return JSON.stringify([batchSize, Object.entries(bindings).toSorted(([left], [right]) => (left < right ? -1 : 1))]);
}
