/**
 * Shapley values of one tree for one row: two passes over the nodes; the formula stands in trees/explain/TreeExplainer.ts.
 *
 * Nodes stand depth-first, a left child behind its parent; each has 32 bytes of i32 words:
 *   0 parent's place         1 1 for a right child      2 place of the edge above that tests the same feature, or −1
 *   3 feature of the edge    4 threshold                5 column offset in the keys
 *   6 what the node is: 0 leaf, 1 compares numbers, 2 looks a code up        7 unused
 * The edge into a node has 5 tables of `points` (an even number) float64: growth of the product where the row follows the feature
 * before and here, before only, neither; what a leaf below gives to the feature where the row follows it, and where it does not.
 */
export { rowKeys } from '../treeScore/keys';
export { collect } from './collect';
export { spread } from './spread';
export { fillTables } from './tables';
