import type { Tree, TreeEnsemble } from '../ensemble.ts';

/** What a column of keys holds; the numbers are those of assembly/treeScore/keys.ts. */
export const columnKinds = { numberMissingLeft: 0, numberMissingRight: 1, codes: 2 };

export interface KeyColumn {
  readonly feature: number;
  readonly kind: number;
  /** Of codes: how many. */
  readonly count: number;
}

export interface TreeLayout {
  /** Two words a node, breadth-first: see assembly/treeScore/index.ts. */
  readonly nodes: Int32Array;
  /** Steps to the deepest leaf. */
  readonly depth: number;
  readonly withSets: boolean;
}

/** An ensemble as assembly/treeScore wants it. */
export interface ScorerLayout {
  /** Columns of keys from column 1 on: only features that are tested, twice where missing values go both ways. */
  readonly columns: readonly KeyColumn[];
  readonly trees: readonly TreeLayout[];
  readonly shift: number;
  /** Takes the child's offset out of a node's second word. */
  readonly mask: number;
  readonly sets: Uint8Array;
  /** [leaves, outputCount] where leaves have several outputs. */
  readonly vectors: Float32Array;
}

const nodeBytes = 8;
const columnBytes = 32;

/**
 * Undefined where a node's second word has no room: bits for 32 bytes a column and 8 bytes a node of the largest tree are 32
 * together, e.g. 1,000 columns and trees of 8,000 leaves, or 100 and 65,000.
 */
export function layOut(ensemble: TreeEnsemble): ScorerLayout | undefined {
  const columns = new Columns(ensemble);
  const largest = Math.max(0, ...ensemble.trees.map((tree) => tree.feature.length));
  const shift = bitsFor(nodeBytes * Math.max(1, largest) - 1);
  for (const tree of ensemble.trees) columns.addTree(tree);
  if (shift + bitsFor(columnBytes * columns.list.length) > 32) return undefined;
  const sets = new BitSets(ensemble, columns);
  const vectors: number[] = [];
  const trees = ensemble.trees.map((tree) => layOutTree(ensemble, tree, { columns, sets, vectors, shift }));
  // The kernel looks at the first byte of the sets, whether there are any or not.
  return { columns: columns.list, trees, shift, mask: 2 ** shift - nodeBytes, sets: sets.bytes(), vectors: Float32Array.from(vectors) };
}

function layOutTree(
  ensemble: TreeEnsemble,
  tree: Tree,
  { columns, sets, vectors, shift }: { columns: Columns; sets: BitSets; vectors: number[]; shift: number },
): TreeLayout {
  const { valueWidth, outputCount } = ensemble;
  const order = [0];
  const depths = [0];
  const nodes = new Int32Array(2 * tree.feature.length);
  const asFloats = new Float32Array(nodes.buffer);
  let withSets = false;
  for (let place = 0; place < order.length; place++) {
    const node = order[place]!;
    if (tree.feature[node]! < 0) {
      if (valueWidth === 1) asFloats[2 * place] = tree.value[node]!;
      else nodes[2 * place] = vectors.push(...tree.value.subarray(node * valueWidth, (node + 1) * valueWidth)) / outputCount - 1;
      nodes[2 * place + 1] = nodeBytes * place;
      continue;
    }
    const column = columns.of(tree, node);
    const flag = Number(tree.categories[node]! >= 0);
    withSets ||= flag === 1;
    nodes[2 * place] = flag ? sets.offsetOf(tree, node) : keyOf(tree.threshold[node]!);
    nodes[2 * place + 1] = (columnBytes * (column + 1) * 2 ** shift) | (nodeBytes * order.length) | flag;
    order.push(tree.left[node]!, tree.right[node]!);
    depths.push(depths[place]! + 1, depths[place]! + 1);
  }
  return { nodes, depth: depths.at(-1)!, withSets };
}

const [float, word] = [new Float32Array(1), new Int32Array(1)];
const floatBits = new Int32Array(float.buffer);

/** As in the kernel; nothing passes a threshold that is NaN. */
function keyOf(threshold: number): number {
  if (Number.isNaN(threshold)) return -(2 ** 31);
  float[0] = threshold + 0;
  word[0] = floatBits[0]! ^ ((floatBits[0]! >> 31) & 0x7fff_ffff);
  return word[0];
}

/** The columns of keys, in the order in which trees ask for them. */
class Columns {
  readonly list: KeyColumn[] = [];
  readonly #places = new Map<string, number>();
  readonly #counts = new Map<number, number>();

  constructor(ensemble: TreeEnsemble) {
    for (const tree of ensemble.trees)
      tree.categories.forEach((set, node) => {
        if (set < 0) return;
        const feature = tree.feature[node]!;
        const count = (ensemble.categorySets[set]!.at(-1) ?? -1) + 1;
        this.#counts.set(feature, Math.max(count, this.#counts.get(feature) ?? 0));
      });
  }

  addTree(tree: Tree): void {
    tree.feature.forEach((feature, node) => {
      if (feature < 0) return;
      const kind = kindOf(tree, node);
      const key = `${feature} ${kind}`;
      if (this.#places.has(key)) return;
      this.#places.set(key, this.list.push({ feature, kind, count: kind === columnKinds.codes ? this.codes(feature) : 0 }) - 1);
    });
  }

  of(tree: Tree, node: number): number {
    return this.#places.get(`${tree.feature[node]!} ${kindOf(tree, node)}`)!;
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
class BitSets {
  readonly #ensemble: TreeEnsemble;
  readonly #columns: Columns;
  readonly #parts: Uint8Array[] = [];
  readonly #offsets = new Map<string, number>();
  #next = 0;

  constructor(ensemble: TreeEnsemble, columns: Columns) {
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

function bitsFor(largest: number): number {
  return Math.max(1, Math.ceil(Math.log2(largest + 1)));
}
