import { step } from './step';

/**
 * Where the rows of `groups` groups end in one tree: writes the thresholds of their leaves, 4 bytes each. Eight rows walk side by
 * side, since each step waits for two loads after each other. Every third level looks whether all have arrived.
 */
export function walkRows(
  tree: usize,
  depth: i32,
  keys: usize,
  groupBytes: usize,
  groups: i32,
  shift: u32,
  mask: u32,
  leaves: usize,
): void {
  for (let group = 0; group < groups; group++) {
    walkGroup(tree, depth, keys, shift, mask, 0, leaves, false);
    keys += groupBytes;
    leaves += 32;
  }
}

/** The same for a tree that tests categories: `sets` is where bit sets begin. */
export function walkRowsWithSets(
  tree: usize,
  depth: i32,
  keys: usize,
  groupBytes: usize,
  groups: i32,
  shift: u32,
  mask: u32,
  leaves: usize,
  sets: usize,
): void {
  for (let group = 0; group < groups; group++) {
    walkGroup(tree, depth, keys, shift, mask, sets, leaves, true);
    keys += groupBytes;
    leaves += 32;
  }
}

// @ts-ignore: AssemblyScript's decorator
@inline
function walkGroup(tree: usize, depth: i32, keys: usize, shift: u32, mask: u32, sets: usize, leaves: usize, withSets: bool): void {
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
      n0 = step(tree, n0, keys, 0, shift, mask, sets, withSets);
      n1 = step(tree, n1, keys, 4, shift, mask, sets, withSets);
      n2 = step(tree, n2, keys, 8, shift, mask, sets, withSets);
      n3 = step(tree, n3, keys, 12, shift, mask, sets, withSets);
      n4 = step(tree, n4, keys, 16, shift, mask, sets, withSets);
      n5 = step(tree, n5, keys, 20, shift, mask, sets, withSets);
      n6 = step(tree, n6, keys, 24, shift, mask, sets, withSets);
      n7 = step(tree, n7, keys, 28, shift, mask, sets, withSets);
    }
    level++;
    const m0 = step(tree, n0, keys, 0, shift, mask, sets, withSets);
    const m1 = step(tree, n1, keys, 4, shift, mask, sets, withSets);
    const m2 = step(tree, n2, keys, 8, shift, mask, sets, withSets);
    const m3 = step(tree, n3, keys, 12, shift, mask, sets, withSets);
    const m4 = step(tree, n4, keys, 16, shift, mask, sets, withSets);
    const m5 = step(tree, n5, keys, 20, shift, mask, sets, withSets);
    const m6 = step(tree, n6, keys, 24, shift, mask, sets, withSets);
    const m7 = step(tree, n7, keys, 28, shift, mask, sets, withSets);
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
  store<i32>(leaves, load<i32>(tree + n0));
  store<i32>(leaves, load<i32>(tree + n1), 4);
  store<i32>(leaves, load<i32>(tree + n2), 8);
  store<i32>(leaves, load<i32>(tree + n3), 12);
  store<i32>(leaves, load<i32>(tree + n4), 16);
  store<i32>(leaves, load<i32>(tree + n5), 20);
  store<i32>(leaves, load<i32>(tree + n6), 24);
  store<i32>(leaves, load<i32>(tree + n7), 28);
}
