import type { SlotLayout } from '../bin/BinnedMatrix.ts';
import type { TreePool } from '../TreePool.ts';
import type { GrowSettings } from './settings.ts';
import { randomFrom } from './random.ts';
import type { OpenLeaf } from './openLeaf.ts';

type MaskSettings = Pick<GrowSettings, 'featureFraction' | 'featureFractionBynode' | 'interactionConstraints'>;

/** Which slots a leaf may be split by: shares of the features drawn for tree and node, and interaction constraints. */
export class SlotMasks {
  readonly #pool: TreePool;
  readonly #layout: SlotLayout;
  readonly #settings: MaskSettings;
  readonly #places: readonly number[];
  readonly #ofTree: Uint8Array;
  /** Interaction constraints by slot. */
  readonly #sets: Uint8Array[];
  #seed = 0;

  constructor(pool: TreePool, layout: SlotLayout, settings: MaskSettings) {
    const { slots } = layout;
    this.#pool = pool;
    this.#layout = layout;
    this.#settings = settings;
    this.#places = [pool.take(slots.length), pool.take(slots.length)];
    this.#ofTree = new Uint8Array(slots.length).fill(1);
    this.#sets = settings.interactionConstraints.map((set) => Uint8Array.from(slots, (slot) => Number(set.includes(slot.feature))));
  }

  /** Draws the features of the next tree. */
  startTree(seed: number): void {
    this.#seed = seed;
    this.#ofTree.fill(1);
    keepShare(this.#ofTree, this.#settings.featureFraction, seed);
  }

  /** Address of the mask of a leaf, in the first or second place; 0 when it may use all. */
  of(place: 0 | 1, node: number, { path, closed }: Pick<OpenLeaf, 'path' | 'closed'>): number {
    const { featureFraction, featureFractionBynode, interactionConstraints } = this.#settings;
    if (!closed && featureFraction >= 1 && featureFractionBynode >= 1 && interactionConstraints.length === 0) return 0;
    const mask = this.#ofTree.slice();
    if (interactionConstraints.length > 0) {
      const open = this.#sets.filter((set) => [...path].every((slot) => set[slot]));
      for (const slot of mask.keys()) if (!open.some((set) => set[slot])) mask[slot] = 0;
    }
    if (closed) for (const slot of mask.keys()) if (closed[slot]) mask[slot] = 0;
    keepShare(mask, featureFractionBynode, Math.imul(this.#seed ^ 0x51ed_270b, 31) + node);
    this.#pool.bytes.set(mask, this.#places[place]!);
    return this.#places[place]!;
  }

  static bytes(slots: number): number {
    return 2 * (slots + 128);
  }
}

/** Clears all but a random share of what is set, at least one. */
function keepShare(mask: Uint8Array, share: number, seed: number): void {
  if (share >= 1) return;
  const list = [...mask.keys()].filter((slot) => mask[slot]);
  const random = randomFrom(seed);
  const kept = Math.max(1, Math.round(list.length * share));
  for (let at = 0; at < list.length; at++) {
    const other = at + Math.floor(random() * (list.length - at));
    [list[at], list[other]] = [list[other]!, list[at]!];
    if (at >= kept) mask[list[at]!] = 0;
  }
}
