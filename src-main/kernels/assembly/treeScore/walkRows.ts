import { walkEight } from './walkEight';

/**
 * Where the rows of `groups` groups end in one tree: writes the thresholds of their leaves, 4 bytes each.
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
    walkEight(tree, tree, tree, tree, tree, tree, tree, tree, depth, keys, 4, shift, mask, 0, false, leaves, false);
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
    walkEight(tree, tree, tree, tree, tree, tree, tree, tree, depth, keys, 4, shift, mask, sets, true, leaves, false);
    keys += groupBytes;
    leaves += 32;
  }
}
