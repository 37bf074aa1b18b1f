import { treeShapModule } from './compiled/treeShap.ts';
import type { KernelMemory } from './KernelMemory.ts';
import { instantiate } from './webAssembly.ts';

/** The functions of assembly/treeShap, where they are described; addresses and sizes are in bytes. */
export interface TreeShapKernels {
  rowKeys(values: number, valueBytes: number, rows: number, table: number, columns: number, keys: number): void;
  fillTables(nodes: number, count: number, shares: number, points: number, at: number, tables: number): void;
  spread(
    ...args: [
      nodes: number,
      count: number,
      tables: number,
      points: number,
      keys: number,
      sets: number,
      scratch: number,
      followed: number,
      products: number,
    ]
  ): void;
  collect(
    ...args: [
      nodes: number,
      count: number,
      tables: number,
      points: number,
      followed: number,
      products: number,
      values: number,
      weights: number,
      sums: number,
      contributions: number,
    ]
  ): void;
}

export function treeShapKernels({ memory }: KernelMemory): TreeShapKernels {
  return instantiate<TreeShapKernels>(treeShapModule, memory);
}
