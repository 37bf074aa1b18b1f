import { walkEight } from './walkEight';

/**
 * Where one row, the first of its group, ends in every tree: eight trees side by side. `table` has 16 bytes a tree: address, depth
 * and where the leaf's threshold is to be written. Trees beside each other should be about as deep; their number must be a
 * multiple of 8 (repeat one).
 */
export function walkTrees(table: usize, trees: i32, keys: usize, shift: u32, mask: u32): void {
  for (let tree = 0; tree < trees; tree += 8) {
    walkOfTable(table, keys, shift, mask, 0, false);
    table += 128;
  }
}

/** The same where some trees test categories. */
export function walkTreesWithSets(table: usize, trees: i32, keys: usize, shift: u32, mask: u32, sets: usize): void {
  for (let tree = 0; tree < trees; tree += 8) {
    walkOfTable(table, keys, shift, mask, sets, true);
    table += 128;
  }
}

// @ts-ignore: AssemblyScript's decorator
@inline
function walkOfTable(table: usize, keys: usize, shift: u32, mask: u32, sets: usize, withSets: bool): void {
  const t0 = <usize>load<u32>(table);
  const t1 = <usize>load<u32>(table, 16);
  const t2 = <usize>load<u32>(table, 32);
  const t3 = <usize>load<u32>(table, 48);
  const t4 = <usize>load<u32>(table, 64);
  const t5 = <usize>load<u32>(table, 80);
  const t6 = <usize>load<u32>(table, 96);
  const t7 = <usize>load<u32>(table, 112);
  // Sorted by depth: the last is the deepest.
  const depth = load<i32>(table, 116);
  walkEight(t0, t1, t2, t3, t4, t5, t6, t7, depth, keys, 0, shift, mask, sets, withSets, table, true);
}
