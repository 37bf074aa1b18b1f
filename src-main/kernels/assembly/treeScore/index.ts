/**
 * Kernels that take rows through decision trees: one by one (below), or many at once (lanes.ts). Addresses are in bytes.
 *
 * Rows are i32 keys in groups of 8: the keys of column 0 of 8 rows, then of column 1, and so on. Column 0 holds the smallest i32,
 * the others what `rowKeys` writes. A node is 8 bytes: i32 threshold and u32 `column offset << shift | child
 * offset | flag`. Children are neighbours, the left one first, so that the next node is child + 8 × (key > threshold). With flag 1
 * the threshold is the offset of a bit set that the key, a code, is looked up in; the bit is 1 where the code goes right. A leaf
 * tests column 0, which is above no threshold, and is its own child: a row that has arrived stays, whatever the steps, and the
 * threshold is free to hold what the leaf gives.
 */
export { rowKeys } from './keys';
export { walkRows, walkRowsWithSets } from './walkRows';
export { walkTrees, walkTreesWithSets } from './walkTrees';
export { addToRows, addTrees, addVectors } from './addLeaves';
export { rowLanes, setLanes, walkLanes } from './lanes';
