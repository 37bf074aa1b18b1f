import type { TreePool } from '../TreePool.ts';
import { align } from '../TreePool.ts';
import type { GrownTree } from './GrownTree.ts';

const nodeBytes = 16;
const setBytes = 32;

/** A tree as the kernel `applyTree` walks it. */
export class NodeTable {
  readonly nodes: number;
  readonly leaves: number;
  readonly #sets: number;
  readonly #pool: TreePool;

  constructor(pool: TreePool, leaves: number) {
    this.#pool = pool;
    this.nodes = pool.take(nodeBytes * Math.max(1, leaves));
    this.leaves = pool.take(4 * leaves + 16);
    this.#sets = pool.take(setBytes * leaves);
  }

  static bytes(leaves: number): number {
    return align(nodeBytes * leaves + 16) + align(4 * leaves + 16) + align(setBytes * leaves) + 256;
  }

  set({ nodes }: GrownTree, values: Float32Array): void {
    const { bytes, words, floats } = this.#pool;
    floats.set(values, this.leaves >> 2);
    for (let at = 0; at < nodes.length; at++) {
      const { slot, bin, missingRight, set, left, right } = nodes[at]!;
      const entry = this.nodes + nodeBytes * at;
      const setAt = this.#sets + setBytes * at;
      bytes[entry] = slot & 255;
      bytes[entry + 1] = slot >> 8;
      bytes[entry + 2] = Number(missingRight);
      bytes[entry + 3] = Number(set !== undefined);
      if (set) bytes.set(set, setAt);
      words[(entry >> 2) + 1] = set ? setAt : bin - Number(missingRight);
      words[(entry >> 2) + 2] = left;
      words[(entry >> 2) + 3] = right;
    }
    // A tree of one leaf: a node that sends all to it.
    if (nodes.length === 0) words.set([0, 255, -1, -1], this.nodes >> 2);
  }
}
