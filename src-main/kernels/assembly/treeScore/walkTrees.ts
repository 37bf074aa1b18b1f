import { step } from './step';

/**
 * Where one row, the first of its group, ends in every tree: eight trees side by side. `table` has 16 bytes a tree: address, depth
 * and where the leaf's threshold is to be written. Trees beside each other should be about as deep; their number must be a
 * multiple of 8 (repeat one).
 */
export function walkTrees(table: usize, trees: i32, keys: usize, shift: u32, mask: u32): void {
  for (let tree = 0; tree < trees; tree += 8) {
    walkEight(table, keys, shift, mask, 0, false);
    table += 128;
  }
}

/** The same where some trees test categories. */
export function walkTreesWithSets(table: usize, trees: i32, keys: usize, shift: u32, mask: u32, sets: usize): void {
  for (let tree = 0; tree < trees; tree += 8) {
    walkEight(table, keys, shift, mask, sets, true);
    table += 128;
  }
}

// @ts-ignore: AssemblyScript's decorator
@inline
function walkEight(table: usize, keys: usize, shift: u32, mask: u32, sets: usize, withSets: bool): void {
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
  let n0: usize = 0;
  let n1: usize = 0;
  let n2: usize = 0;
  let n3: usize = 0;
  let n4: usize = 0;
  let n5: usize = 0;
  let n6: usize = 0;
  let n7: usize = 0;
  for (let level = 0; level < depth; ) {
    const last = min(level + 3, depth) - 1;
    for (; level < last; level++) {
      n0 = step(t0, n0, keys, 0, shift, mask, sets, withSets);
      n1 = step(t1, n1, keys, 0, shift, mask, sets, withSets);
      n2 = step(t2, n2, keys, 0, shift, mask, sets, withSets);
      n3 = step(t3, n3, keys, 0, shift, mask, sets, withSets);
      n4 = step(t4, n4, keys, 0, shift, mask, sets, withSets);
      n5 = step(t5, n5, keys, 0, shift, mask, sets, withSets);
      n6 = step(t6, n6, keys, 0, shift, mask, sets, withSets);
      n7 = step(t7, n7, keys, 0, shift, mask, sets, withSets);
    }
    level++;
    const m0 = step(t0, n0, keys, 0, shift, mask, sets, withSets);
    const m1 = step(t1, n1, keys, 0, shift, mask, sets, withSets);
    const m2 = step(t2, n2, keys, 0, shift, mask, sets, withSets);
    const m3 = step(t3, n3, keys, 0, shift, mask, sets, withSets);
    const m4 = step(t4, n4, keys, 0, shift, mask, sets, withSets);
    const m5 = step(t5, n5, keys, 0, shift, mask, sets, withSets);
    const m6 = step(t6, n6, keys, 0, shift, mask, sets, withSets);
    const m7 = step(t7, n7, keys, 0, shift, mask, sets, withSets);
    const moved = (n0 ^ m0) | (n1 ^ m1) | (n2 ^ m2) | (n3 ^ m3) | (n4 ^ m4) | (n5 ^ m5) | (n6 ^ m6) | (n7 ^ m7);
    n0 = m0;
    n1 = m1;
    n2 = m2;
    n3 = m3;
    n4 = m4;
    n5 = m5;
    n6 = m6;
    n7 = m7;
    if (moved == 0) break;
  }
  store<i32>(<usize>load<u32>(table, 8), load<i32>(t0 + n0));
  store<i32>(<usize>load<u32>(table, 24), load<i32>(t1 + n1));
  store<i32>(<usize>load<u32>(table, 40), load<i32>(t2 + n2));
  store<i32>(<usize>load<u32>(table, 56), load<i32>(t3 + n3));
  store<i32>(<usize>load<u32>(table, 72), load<i32>(t4 + n4));
  store<i32>(<usize>load<u32>(table, 88), load<i32>(t5 + n5));
  store<i32>(<usize>load<u32>(table, 104), load<i32>(t6 + n6));
  store<i32>(<usize>load<u32>(table, 120), load<i32>(t7 + n7));
}
