import { treeScoreModule } from './compiled/treeScore.ts';
import type { KernelMemory } from './KernelMemory.ts';
import { instantiate } from './webAssembly.ts';

/** The functions of assembly/treeScore, where they are described; addresses and sizes are in bytes. */
export interface TreeScoreKernels {
  rowKeys(values: number, valueBytes: number, rows: number, table: number, columns: number, keys: number): void;
  walkRows(
    ...args: [tree: number, depth: number, keys: number, groupBytes: number, groups: number, shift: number, mask: number, leaves: number]
  ): void;
  walkRowsWithSets(
    ...args: [
      tree: number,
      depth: number,
      keys: number,
      groupBytes: number,
      groups: number,
      shift: number,
      mask: number,
      leaves: number,
      sets: number,
    ]
  ): void;
  walkTrees(table: number, trees: number, keys: number, shift: number, mask: number): void;
  walkTreesWithSets(table: number, trees: number, keys: number, shift: number, mask: number, sets: number): void;
  rowLanes(
    ...args: [values: number, valueBytes: number, rows: number, table: number, columns: number, groupBytes: number, lanes: number]
  ): void;
  setLanes(table: number, count: number, groupBytes: number, groups: number, lanes: number): void;
  walkLanes(
    ...args: [
      nodes: number,
      count: number,
      groupBytes: number,
      groups: number,
      lanes: number,
      masks: number,
      values: number,
      leaves: number,
    ]
  ): void;
  addToRows(leaves: number, rows: number, sums: number, outputs: number): void;
  addTrees(leaves: number, trees: number, sums: number, outputs: number): void;
  addVectors(leaves: number, count: number, vectors: number, sums: number, width: number, sumBytes: number): void;
}

export function treeScoreKernels({ memory }: KernelMemory): TreeScoreKernels {
  return instantiate<TreeScoreKernels>(treeScoreModule, memory);
}
