import type { Tree, TreeEnsemble } from '../ensemble.ts';

/** What a column of keys holds; the numbers are those of assembly/treeScore/keys.ts. */
export const columnKinds = { numberMissingLeft: 0, numberMissingRight: 1, codes: 2 };

export interface KeyColumn {
  readonly feature: number;
  readonly kind: number;
  /** Of codes: how many. */
  readonly count: number;
}

/** A column of a group of 8 rows. */
export const columnBytes = 32;

const [float, word] = [new Float32Array(1), new Int32Array(1)];
const floatBits = new Int32Array(float.buffer);

/** The key of a threshold, as the kernel makes those of numbers; nothing passes a threshold that is NaN. */
export function keyOf(threshold: number): number {
  if (Number.isNaN(threshold)) return -(2 ** 31);
  float[0] = threshold + 0;
  word[0] = floatBits[0]! ^ ((floatBits[0]! >> 31) & 0x7fff_ffff);
  return word[0];
}

/** The columns of keys, in the order in which trees ask for them. */
export class KeyColumns {
  readonly list: KeyColumn[] = [];
  readonly #places = new Map<number, number>();
  readonly #counts = new Map<number, number>();

  constructor(ensemble: TreeEnsemble) {
    for (const tree of ensemble.trees)
      tree.categories.forEach((set, node) => {
        if (set < 0) return;
        const feature = tree.feature[node]!;
        const count = (ensemble.categorySets[set]!.at(-1) ?? -1) + 1;
        this.#counts.set(feature, Math.max(count, this.#counts.get(feature) ?? 0));
      });
    for (const tree of ensemble.trees)
      tree.feature.forEach((feature, node) => {
        if (feature < 0) return;
        const kind = kindOf(tree, node);
        const place = 3 * feature + kind;
        if (this.#places.has(place)) return;
        this.#places.set(place, this.list.push({ feature, kind, count: kind === columnKinds.codes ? this.codes(feature) : 0 }) - 1);
      });
  }

  /** In `list`, of the column that a node tests. */
  placeOf(tree: Tree, node: number): number {
    return this.#places.get(3 * tree.feature[node]! + kindOf(tree, node))!;
  }

  /** In a group of rows; column 0 is before all. */
  offsetOf(tree: Tree, node: number): number {
    return columnBytes * (this.placeOf(tree, node) + 1);
  }

  /** One more than the largest code that any set of the feature holds. */
  codes(feature: number): number {
    return this.#counts.get(feature) ?? 0;
  }
}

function kindOf(tree: Tree, node: number): number {
  if (tree.categories[node]! >= 0) return columnKinds.codes;
  return tree.missingLeft[node] ? columnKinds.numberMissingLeft : columnKinds.numberMissingRight;
}

/** Bits of all sets: a code's is 1 where it goes right; after the codes come one for unknown codes, 1, and one for NaN. */
export class BitSets {
  readonly #ensemble: TreeEnsemble;
  readonly #columns: KeyColumns;
  readonly #parts: Uint8Array[] = [];
  readonly #offsets = new Map<string, number>();
  #next = 0;

  constructor(ensemble: TreeEnsemble, columns: KeyColumns) {
    this.#ensemble = ensemble;
    this.#columns = columns;
  }

  offsetOf(tree: Tree, node: number): number {
    const [feature, set, missingLeft] = [tree.feature[node]!, tree.categories[node]!, tree.missingLeft[node]!];
    const key = `${feature} ${set} ${missingLeft}`;
    const known = this.#offsets.get(key);
    if (known !== undefined) return known;
    const count = this.#columns.codes(feature);
    const bits = new Uint8Array(Math.ceil((count + 2) / 8)).fill(255);
    const clear = (bit: number): unknown => (bits[bit >> 3]! &= ~(1 << (bit & 7)));
    for (const code of this.#ensemble.categorySets[set]!) clear(code);
    if (missingLeft) clear(count + 1);
    const offset = this.#next;
    this.#parts.push(bits);
    this.#offsets.set(key, offset);
    this.#next += bits.length;
    return offset;
  }

  bytes(): Uint8Array {
    const all = new Uint8Array(this.#next);
    let offset = 0;
    for (const part of this.#parts) {
      all.set(part, offset);
      offset += part.length;
    }
    return all;
  }
}
