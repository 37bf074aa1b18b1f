import { firstCategoryBin, type SlotLayout } from '../bin/BinnedMatrix.ts';
import type { Tree } from '../ensemble.ts';
import type { GrownTree } from './GrownTree.ts';

/** A tree that was grown over these bins, in bins again, and the values of its leaves. */
export function toGrown(
  tree: Tree,
  categorySets: readonly Int32Array[],
  { slots }: SlotLayout,
): { grown: GrownTree; values: Float32Array } {
  const slotOf = new Map(slots.map((slot, at) => [slot.feature, at]));
  const grown: GrownTree = { nodes: [], leaves: [] };
  const values: number[] = [];
  const places = new Int32Array(tree.feature.length);
  for (const [at, feature] of tree.feature.entries())
    places[at] = feature < 0 ? -1 - (values.push(tree.value[at]!) - 1) : grown.nodes.push({ ...empty }) - 1;
  for (const [at, feature] of tree.feature.entries()) {
    if (feature < 0) {
      grown.leaves.push({ from: 0, to: 0, output: 0, cover: tree.cover[at]! });
      continue;
    }
    const place = slotOf.get(feature)!;
    const slot = slots[place]!;
    const codes = tree.categories[at]! < 0 ? undefined : categorySets[tree.categories[at]!]!;
    grown.nodes[places[at]!] = {
      slot: place,
      bin: codes ? 0 : binOf(slot.cuts, tree.threshold[at]!),
      missingRight: tree.missingLeft[at] === 0,
      set: codes && binSet(slot.codes, codes, tree.missingLeft[at] === 1),
      left: places[tree.left[at]!]!,
      right: places[tree.right[at]!]!,
      gain: tree.gain[at]!,
      cover: tree.cover[at]!,
    };
  }
  return { grown, values: Float32Array.from(values) };
}

const empty = { slot: 0, bin: 0, missingRight: false, set: undefined, left: 0, right: 0, gain: 0, cover: 0 };

function binOf(cuts: Float32Array, threshold: number): number {
  const at = cuts.indexOf(threshold);
  return at < 0 ? cuts.length + 1 : at + 1;
}

function binSet(codes: Int32Array, left: Int32Array, missingLeft: boolean): Uint8Array {
  const set = new Uint8Array(32);
  const add = (bin: number): void => {
    set[bin >> 3]! |= 1 << (bin & 7);
  };
  if (missingLeft) add(0);
  const wanted = new Set(left);
  for (const [at, code] of codes.entries()) if (wanted.has(code)) add(at + firstCategoryBin);
  return set;
}
