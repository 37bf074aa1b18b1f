import type { TreePool } from '../TreePool.ts';
import type { Slot, SlotLayout } from './BinnedMatrix.ts';

const cellBytes = 8;
const wideCells = 129;
/** 256 cells and a cache line: without it equal bins of all slots would share two sets of the first cache. */
const wideStride = 2112;

/** Orders slots by their number of bins and gives each its place in the histogram. */
export function layOut(pool: TreePool, found: Omit<Slot, 'offset'>[], categoryLevels: number): SlotLayout {
  const width = (slot: { bins: number }): number => (slot.bins >= wideCells ? wideCells : 2 ** Math.ceil(Math.log2(slot.bins)));
  const slots: Slot[] = found.toSorted((a, b) => width(b) - width(a) || a.feature - b.feature).map((slot) => ({ ...slot, offset: 0 }));
  const groupCount = Math.ceil(slots.length / 4);
  const wideGroups = Math.ceil(slots.filter((slot) => slot.bins >= wideCells).length / 4);
  const groups = pool.take(8 * (groupCount + 1));
  const slotTable = pool.take(16 * (slots.length + 1));
  let offset = 0;
  for (let group = 0; group < groupCount; group++) {
    const members = slots.slice(group * 4, group * 4 + 4);
    const stride = group < wideGroups ? wideStride : narrowStride(Math.max(...members.map((slot) => slot.bins)));
    if (group >= wideGroups) pool.words.set([offset, stride], (groups >> 2) + 2 * (group - wideGroups));
    for (const [at, slot] of members.entries()) slot.offset = offset + at * stride;
    offset += 4 * stride;
  }
  for (const [at, slot] of slots.entries()) {
    const entry = slotTable + 16 * at;
    pool.words[entry >> 2] = slot.offset;
    pool.bytes[entry + 4] = slot.bins & 255;
    pool.bytes[entry + 5] = slot.bins >> 8;
    pool.bytes[entry + 6] = 1;
    pool.bytes[entry + 7] = slot.kind === 'number' ? 0 : slot.codes.length < categoryLevels ? 1 : 2;
    pool.words[(entry >> 2) + 2] = 0;
  }
  const byFeature = Int32Array.from(slots.keys()).sort((a, b) => slots[a]!.feature - slots[b]!.feature);
  return {
    slots,
    byFeature,
    rowBytes: groupCount * 4,
    histogramBytes: offset,
    wideGroups,
    groups,
    groupsEnd: groups + 8 * (groupCount - wideGroups),
    slotTable,
    binTable: fillBinTable(pool, slots),
  };
}

function narrowStride(bins: number): number {
  const bytes = Math.ceil((bins * cellBytes) / 16) * 16;
  return bytes < 512 ? bytes : Math.ceil(bytes / 64) * 64 + 64;
}

/** What `binBlock` reads: cut points padded to 2ⁿ − 1, bins by code. */
function fillBinTable(pool: TreePool, slots: readonly Slot[]): number {
  const table = pool.take(24 * slots.length);
  for (const [at, slot] of slots.entries()) {
    const entry = (table + 24 * at) >> 2;
    if (slot.kind === 'number') {
      const halvings = Math.ceil(Math.log2(slot.cuts.length + 1));
      const length = 2 ** halvings - 1;
      const list = pool.take(4 * Math.max(1, length));
      const cuts = pool.floatsAt(list, length);
      cuts.fill(Infinity);
      cuts.set(slot.cuts);
      pool.words.set([slot.feature * 4, 0, list, halvings, 0], entry);
    } else {
      const length = slot.codes.reduce((most, code) => Math.max(most, code + 1), 0);
      const list = pool.take(Math.max(1, length));
      pool.bytes.fill(1, list, list + length);
      for (const [bin, code] of slot.codes.entries()) pool.bytes[list + code] = bin + 2;
      pool.words.set([slot.feature * 4, 1, list, length, 1], entry);
    }
  }
  return table;
}
