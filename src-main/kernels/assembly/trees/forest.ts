/**
 * One tree of a forest, grown whole by one thread: depth first, each node by the best of a few features drawn at random (Breiman 2001), or by the best of
 * one random threshold in each (extremely randomised trees, Geurts et al. 2006).
 *
 * Plan, i32 each: rows, slots, slot table, columns, bytes of a column; 1 when targets are classes (u32) and 0 when they are float32
 * [rows, outputs]; channels (classes, or outputs + 1: the last sums weights); targets; weights or 0; features a node; least rows of a
 * leaf; most splits to a leaf; 1 draws rows with replacement, 0 takes all; 1 takes random thresholds; seed; most nodes.
 *
 * Area of a tree: addresses (u32) of order, right rows, bag (f32 a row), histogram (256 × channels f64), counts (256 i32), slots (i32 each), stack
 * (20 bytes an entry), sums of a node and of a left side (channels f64 each), levels (i32 and f64, 256 each), nodes, leaf values (float32, channels wide or outputs).
 *
 * Node, 80 bytes: slot (−1: leaf), last bin of the left side, 1 when missing values go right, 1 for a set, left and right child, f64 gain, f64 weight, i32
 * place of the leaf's values; from byte 48 the set of bins that go left.
 */
const nodeBytes = 80;
const stackBytes = 20;
/** Bin of rare and unknown categories. */
const rest = 1;

// @ts-ignore: AssemblyScript's decorator
@inline
function nextRandom(state: u32): u32 {
  state ^= state << 13;
  state ^= state >>> 17;
  return state ^ (state << 5);
}

/** How often each row is in the tree of this seed, times its weight, into `bag`. */
export function drawBag(rows: i32, withReplacement: i32, seed: i32, weights: usize, bag: usize): void {
  if (withReplacement) {
    memory.fill(bag, 0, (<usize>rows) << 2);
    let state: u32 = <u32>seed * 0x9e3779b1 | 1;
    for (let draw = 0; draw < 8; draw++) state = nextRandom(state);
    for (let draw = 0; draw < rows; draw++) {
      state = nextRandom(state);
      const at = bag + (<usize>((<u64>state * <u64>rows) >> 32) << 2);
      store<f32>(at, load<f32>(at) + 1);
    }
  } else for (let row = 0; row < rows; row++) store<f32>(bag + ((<usize>row) << 2), 1);
  if (weights)
    for (let row = 0; row < rows; row++) {
      const at = (<usize>row) << 2;
      store<f32>(bag + at, load<f32>(bag + at) * load<f32>(weights + at));
    }
}

/** Returns the number of nodes; leaves get their values one after another. */
export function growForestTree(plan: usize, area: usize, seed: i32): i32 {
  const rows = load<i32>(plan);
  const slots = load<i32>(plan, 4);
  const slotTable = <usize>load<u32>(plan, 8);
  const columns = <usize>load<u32>(plan, 12);
  const columnBytes = <usize>load<u32>(plan, 16);
  const isClass = load<i32>(plan, 20);
  const channels = load<i32>(plan, 24);
  const targets = <usize>load<u32>(plan, 28);
  const tries = load<i32>(plan, 36);
  const least = load<i32>(plan, 40);
  const depthLimit = load<i32>(plan, 44);
  const random = load<i32>(plan, 52);
  const mostNodes = load<i32>(plan, 60);
  const order = <usize>load<u32>(area);
  const right = <usize>load<u32>(area, 4);
  const bag = <usize>load<u32>(area, 8);
  const histogram = <usize>load<u32>(area, 12);
  const counts = <usize>load<u32>(area, 16);
  const list = <usize>load<u32>(area, 20);
  const stack = <usize>load<u32>(area, 24);
  const sums = <usize>load<u32>(area, 28);
  const left = <usize>load<u32>(area, 32);
  const levels = <usize>load<u32>(area, 36);
  const nodes = <usize>load<u32>(area, 40);
  const values = <usize>load<u32>(area, 44);
  const outputs = isClass ? channels : channels - 1;

  drawBag(rows, load<i32>(plan, 48), seed, <usize>load<u32>(plan, 32), bag);
  let state: u32 = (<u32>seed ^ 0x68bc21eb) * 0x85ebca6b | 1;
  for (let draw = 0; draw < 8; draw++) state = nextRandom(state);
  let inBag = 0;
  for (let row = 0; row < rows; row++) {
    if (load<f32>(bag + ((<usize>row) << 2)) <= 0) continue;
    store<u32>(order + ((<usize>inBag) << 2), row);
    inBag++;
  }
  for (let slot = 0; slot < slots; slot++) store<i32>(list + ((<usize>slot) << 2), slot);
  memory.fill(histogram, 0, <usize>channels << 11);
  memory.fill(counts, 0, 1024);

  let count = 0;
  let leaves = 0;
  let depthOfStack = 1;
  store<i32>(stack, 0);
  store<i32>(stack, inBag, 4);
  store<i32>(stack, 0, 8);
  store<i32>(stack, -1, 12);
  store<i32>(stack, 0, 16);
  while (depthOfStack > 0) {
    depthOfStack--;
    const entry = stack + <usize>depthOfStack * stackBytes;
    const from = load<i32>(entry);
    const to = load<i32>(entry, 4);
    const depth = load<i32>(entry, 8);
    const parent = load<i32>(entry, 12);
    const node = nodes + <usize>count * nodeBytes;
    if (parent >= 0) store<i32>(nodes + <usize>parent * nodeBytes + (load<i32>(entry, 16) ? 20 : 16), count);
    sumNode(order, from, to, bag, targets, isClass, channels, sums);
    const weight = weightOf(sums, isClass, channels);
    const own = scoreOf(sums, weight, isClass, channels);
    store<i32>(node, -1);
    store<f64>(node, 0, 24);
    store<f64>(node, weight, 32);
    const me = count++;
    const pure = isClass && own >= weight * (1 - 1e-12);
    // Room for both children, and for the other sides that wait.
    const room = mostNodes - count - depthOfStack >= 2;
    if (to - from >= 2 * least && to - from >= 2 && depth < depthLimit && !pure && room) {
      store<f64>(node, own + abs(own) * 1e-12, 24);
      let tried = 0;
      for (let at = 0; at < slots && tried < tries; at++) {
        // Without replacement: the first `at` have been drawn. Constant features do not count.
        state = nextRandom(state);
        const place = list + ((<usize>(at + <i32>((<u64>state * <u64>(slots - at)) >> 32))) << 2);
        const slot = load<i32>(place);
        store<i32>(place, load<i32>(list + ((<usize>at) << 2)));
        store<i32>(list + ((<usize>at) << 2), slot);
        state = nextRandom(state);
        const slotEntry = slotTable + (<usize>slot << 4);
        const isSet = load<u8>(slotEntry, 7) != 0;
        const column = columns + <usize>slot * columnBytes;
        tried += trySlot(slot, column, isSet, order, from, to, bag, targets, isClass, channels, histogram, counts, sums, left, levels, least, random, state, node);
      }
      const gain = load<f64>(node, 24) - own;
      if (load<i32>(node) >= 0) {
        store<f64>(node, gain, 24);
        const slot = load<i32>(node);
        const middle = from + divide(order, from, to, right, columns + <usize>slot * columnBytes, node);
        const rightEntry = stack + <usize>depthOfStack * stackBytes;
        store<i32>(rightEntry, middle);
        store<i32>(rightEntry, to, 4);
        store<i32>(rightEntry, depth + 1, 8);
        store<i32>(rightEntry, me, 12);
        store<i32>(rightEntry, 1, 16);
        const leftEntry = rightEntry + stackBytes;
        store<i32>(leftEntry, from);
        store<i32>(leftEntry, middle, 4);
        store<i32>(leftEntry, depth + 1, 8);
        store<i32>(leftEntry, me, 12);
        store<i32>(leftEntry, 0, 16);
        depthOfStack += 2;
        continue;
      }
    }
    store<f64>(node, 0, 24);
    store<i32>(node, leaves, 40);
    const value = values + ((<usize>(leaves * outputs)) << 2);
    for (let output = 0; output < outputs; output++)
      store<f32>(value + ((<usize>output) << 2), weight > 0 ? <f32>(load<f64>(sums + ((<usize>output) << 3)) / weight) : 0);
    leaves++;
  }
  return count;
}

function sumNode(order: usize, from: i32, to: i32, bag: usize, targets: usize, isClass: i32, channels: i32, sums: usize): void {
  memory.fill(sums, 0, <usize>channels << 3);
  const outputs = channels - 1;
  for (let at = from; at < to; at++) {
    const row = <usize>load<u32>(order + ((<usize>at) << 2));
    const weight = <f64>load<f32>(bag + (row << 2));
    if (isClass) {
      const cell = sums + (<usize>load<u32>(targets + (row << 2)) << 3);
      store<f64>(cell, load<f64>(cell) + weight);
    } else addValues(sums, targets + ((row * <usize>outputs) << 2), outputs, weight);
  }
}

// @ts-ignore: AssemblyScript's decorator
@inline
function addValues(cell: usize, target: usize, outputs: i32, weight: f64): void {
  for (let output = 0; output < outputs; output++) {
    store<f64>(cell, load<f64>(cell) + weight * <f64>load<f32>(target));
    cell += 8;
    target += 4;
  }
  store<f64>(cell, load<f64>(cell) + weight);
}

// @ts-ignore: AssemblyScript's decorator
@inline
function weightOf(sums: usize, isClass: i32, channels: i32): f64 {
  if (!isClass) return load<f64>(sums + ((<usize>(channels - 1)) << 3));
  let weight: f64 = 0;
  for (let channel = 0; channel < channels; channel++) weight += load<f64>(sums + ((<usize>channel) << 3));
  return weight;
}

/** Σ (sum of a channel)² / weight: what is left of Gini's impurity, or of squares, when it is taken from the whole. */
// @ts-ignore: AssemblyScript's decorator
@inline
function scoreOf(sums: usize, weight: f64, isClass: i32, channels: i32): f64 {
  const outputs = isClass ? channels : channels - 1;
  let squares: f64 = 0;
  for (let output = 0; output < outputs; output++) {
    const sum = load<f64>(sums + ((<usize>output) << 3));
    squares += sum * sum;
  }
  return weight > 0 ? squares / weight : 0;
}

// @ts-ignore: AssemblyScript's decorator
@inline
function scoreOfRest(sums: usize, left: usize, weight: f64, isClass: i32, channels: i32): f64 {
  const outputs = isClass ? channels : channels - 1;
  let squares: f64 = 0;
  for (let output = 0; output < outputs; output++) {
    const sum = load<f64>(sums + ((<usize>output) << 3)) - load<f64>(left + ((<usize>output) << 3));
    squares += sum * sum;
  }
  return weight > 0 ? squares / weight : 0;
}

/** Writes the split of this slot to the node when it is better than what stands there. 0 when the slot is constant here, else 1. */
function trySlot(
  slot: i32,
  column: usize,
  isSet: bool,
  order: usize,
  from: i32,
  to: i32,
  bag: usize,
  targets: usize,
  isClass: i32,
  channels: i32,
  histogram: usize,
  counts: usize,
  sums: usize,
  left: usize,
  levels: usize,
  least: i32,
  random: i32,
  state: u32,
  node: usize,
): i32 {
  const cellBytes = <usize>channels << 3;
  let present0: u64 = 0;
  let present1: u64 = 0;
  let present2: u64 = 0;
  let present3: u64 = 0;
  for (let at = from; at < to; at++) {
    const row = <usize>load<u32>(order + ((<usize>at) << 2));
    const bin = <u32>load<u8>(column + row);
    const bit = <u64>1 << (bin & 63);
    const word = bin >>> 6;
    if (word == 0) present0 |= bit;
    else if (word == 1) present1 |= bit;
    else if (word == 2) present2 |= bit;
    else present3 |= bit;
    const counter = counts + ((<usize>bin) << 2);
    store<i32>(counter, load<i32>(counter) + 1);
    const weight = <f64>load<f32>(bag + (row << 2));
    const cell = histogram + <usize>bin * cellBytes;
    if (isClass) {
      const at = cell + (<usize>load<u32>(targets + (row << 2)) << 3);
      store<f64>(at, load<f64>(at) + weight);
    } else addValues(cell, targets + ((row * <usize>(channels - 1)) << 2), channels - 1, weight);
  }
  const distinct = <i32>(popcnt(present0) + popcnt(present1) + popcnt(present2) + popcnt(present3));
  if (distinct > 1) {
    // The bins that occur, in the order in which they are tried.
    let size = 0;
    for (let word = 0; word < 4; word++) {
      let bits = word == 0 ? present0 : word == 1 ? present1 : word == 2 ? present2 : present3;
      while (bits) {
        store<i32>(levels + ((<usize>size) << 2), (word << 6) + <i32>ctz(bits));
        size++;
        bits &= bits - 1;
      }
    }
    if (isSet) trySet(slot, size, to - from, isClass, channels, histogram, counts, sums, left, levels, least, random, state, node);
    else tryNumbers(slot, size, to - from, isClass, channels, histogram, counts, sums, left, levels, least, random, state, node);
  }
  for (let word = 0; word < 4; word++) {
    let bits = word == 0 ? present0 : word == 1 ? present1 : word == 2 ? present2 : present3;
    while (bits) {
      const bin = <usize>((word << 6) + <i32>ctz(bits));
      memory.fill(histogram + bin * cellBytes, 0, cellBytes);
      store<i32>(counts + (bin << 2), 0);
      bits &= bits - 1;
    }
  }
  return <i32>(distinct > 1);
}

/** Adds the sums of a bin to the left side; returns how many rows it has. */
// @ts-ignore: AssemblyScript's decorator
@inline
function takeBin(left: usize, histogram: usize, counts: usize, bin: i32, channels: i32): i32 {
  const cell = histogram + <usize>bin * (<usize>channels << 3);
  for (let channel = 0; channel < channels; channel++)
    store<f64>(left + ((<usize>channel) << 3), load<f64>(left + ((<usize>channel) << 3)) + load<f64>(cell + ((<usize>channel) << 3)));
  return load<i32>(counts + ((<usize>bin) << 2));
}

/** Score of dividing the node into `left` and the rest; −1 when a side has too few rows. */
// @ts-ignore: AssemblyScript's decorator
@inline
function scoreSides(leftRows: i32, rows: i32, isClass: i32, channels: i32, sums: usize, left: usize, least: i32): f64 {
  if (leftRows < least || rows - leftRows < least) return -1;
  const leftWeight = weightOf(left, isClass, channels);
  const weight = weightOf(sums, isClass, channels);
  return scoreOf(left, leftWeight, isClass, channels) + scoreOfRest(sums, left, weight - leftWeight, isClass, channels);
}

function tryNumbers(
  slot: i32,
  size: i32,
  rows: i32,
  isClass: i32,
  channels: i32,
  histogram: usize,
  counts: usize,
  sums: usize,
  left: usize,
  levels: usize,
  least: i32,
  random: i32,
  state: u32,
  node: usize,
): void {
  const cellBytes = <usize>channels << 3;
  const missing = load<i32>(levels) == 0;
  const low = load<i32>(levels + (<usize>missing << 2));
  const high = load<i32>(levels + ((<usize>(size - 1)) << 2));
  let only = -1;
  let onlyRight = 0;
  if (random) {
    // All bins from the lowest to the one before the highest are as likely; missing values go to either side.
    only = low + <i32>((<u64>state * <u64>max(1, high - low)) >> 32);
    onlyRight = <i32>(nextRandom(state) & 1);
    if (low == high) onlyRight = 1;
  }
  for (let toRight = 0; toRight <= <i32>missing; toRight++) {
    if (random && missing && toRight != onlyRight) continue;
    memory.fill(left, 0, cellBytes);
    let leftRows = 0;
    for (let at = 0; at < size; at++) {
      const bin = load<i32>(levels + ((<usize>at) << 2));
      if (bin == 0 && toRight) continue;
      leftRows += takeBin(left, histogram, counts, bin, channels);
      if (bin == 0) continue;
      if (random) {
        const next = at + 1 < size ? load<i32>(levels + ((<usize>(at + 1)) << 2)) : 256;
        if (next <= only) continue;
      }
      const score = scoreSides(leftRows, rows, isClass, channels, sums, left, least);
      if (score > load<f64>(node, 24)) {
        store<i32>(node, slot);
        // All numbers to the left, those that this node has not seen too.
        store<i32>(node, toRight && at == size - 1 ? 255 : random ? only : bin, 4);
        // Where none is missing here, later ones go with the larger side.
        store<i32>(node, missing ? toRight : <i32>(2 * weightOf(left, isClass, channels) < weightOf(sums, isClass, channels)), 8);
        store<i32>(node, 0, 12);
        store<f64>(node, score, 24);
      }
      if (random) break;
    }
  }
}

function trySet(
  slot: i32,
  size: i32,
  rows: i32,
  isClass: i32,
  channels: i32,
  histogram: usize,
  counts: usize,
  sums: usize,
  left: usize,
  levels: usize,
  least: i32,
  random: i32,
  state: u32,
  node: usize,
): void {
  const cellBytes = <usize>channels << 3;
  if (random) {
    memory.fill(left, 0, cellBytes);
    let leftRows = 0;
    let taken = 0;
    state = state * 0x9e3779b1 | 1;
    for (let at = 0; at < size; at++) {
      const bin = load<i32>(levels + ((<usize>at) << 2));
      state = nextRandom(state);
      if (bin == rest || !(state & 0x10000)) continue;
      leftRows += takeBin(left, histogram, counts, bin, channels);
      store<i32>(levels + ((<usize>taken) << 2), bin);
      taken++;
    }
    const score = taken > 0 ? scoreSides(leftRows, rows, isClass, channels, sums, left, least) : -1;
    if (score > load<f64>(node, 24)) writeSet(node, slot, score, levels, taken);
    return;
  }
  // By the mean of the first output, or the share of the class that most rows have: exact for one number and two classes.
  let channel = 0;
  if (isClass) for (let each = 1; each < channels; each++) if (load<f64>(sums + ((<usize>each) << 3)) > load<f64>(sums + ((<usize>channel) << 3))) channel = each;
  const keys = levels + 1024;
  let known = 0;
  for (let at = 0; at < size; at++) {
    const bin = load<i32>(levels + ((<usize>at) << 2));
    if (bin == rest) continue;
    const cell = histogram + <usize>bin * cellBytes;
    const key = load<f64>(cell + ((<usize>channel) << 3)) / weightOf(cell, isClass, channels);
    let place = known;
    for (; place > 0 && load<f64>(keys + ((<usize>(place - 1)) << 3)) > key; place--) {
      store<f64>(keys + ((<usize>place) << 3), load<f64>(keys + ((<usize>(place - 1)) << 3)));
      store<i32>(levels + ((<usize>place) << 2), load<i32>(levels + ((<usize>(place - 1)) << 2)));
    }
    store<f64>(keys + ((<usize>place) << 3), key);
    store<i32>(levels + ((<usize>place) << 2), bin);
    known++;
  }
  memory.fill(left, 0, cellBytes);
  let leftRows = 0;
  for (let at = 0; at < known; at++) {
    const bin = load<i32>(levels + ((<usize>at) << 2));
    leftRows += takeBin(left, histogram, counts, bin, channels);
    const score = scoreSides(leftRows, rows, isClass, channels, sums, left, least);
    if (score > load<f64>(node, 24)) writeSet(node, slot, score, levels, at + 1);
  }
}

function writeSet(node: usize, slot: i32, score: f64, levels: usize, size: i32): void {
  store<i32>(node, slot);
  store<i32>(node, 0, 8);
  store<i32>(node, 1, 12);
  store<f64>(node, score, 24);
  memory.fill(node + 48, 0, 32);
  for (let at = 0; at < size; at++) {
    const bin = load<i32>(levels + ((<usize>at) << 2));
    const byte = node + 48 + <usize>(bin >> 3);
    store<u8>(byte, <u8>(<i32>load<u8>(byte) | (1 << (bin & 7))));
  }
}

// @ts-ignore: AssemblyScript's decorator
@inline
function goesLeft(node: usize, bin: i32): bool {
  if (load<i32>(node, 12)) return <bool>((<i32>load<u8>(node + 48 + <usize>(bin >> 3)) >> (bin & 7)) & 1);
  const missingRight = load<i32>(node, 8);
  return ((bin - missingRight) & 255) <= load<i32>(node, 4) - missingRight;
}

/** Stable; returns how many rows go left. */
function divide(order: usize, from: i32, to: i32, right: usize, column: usize, node: usize): i32 {
  let lefts = order + ((<usize>from) << 2);
  const start = lefts;
  let rights = right;
  for (let at = from; at < to; at++) {
    const row = load<u32>(order + ((<usize>at) << 2));
    const goes = <usize>goesLeft(node, <i32>load<u8>(column + <usize>row));
    store<u32>(rights, row);
    store<u32>(lefts, row);
    lefts += goes << 2;
    rights += (1 - goes) << 2;
  }
  memory.copy(lefts, right, rights - right);
  return <i32>((lefts - start) >> 2);
}

/** Adds the leaf values of rows from … to that are not in the bag to `sums` (f64 [rows, outputs]), and 1 to their counts. */
export function addOutOfBag(plan: usize, area: usize, from: i32, to: i32, sums: usize, seen: usize): void {
  const columns = <usize>load<u32>(plan, 12);
  const columnBytes = <usize>load<u32>(plan, 16);
  const outputs = load<i32>(plan, 20) ? load<i32>(plan, 24) : load<i32>(plan, 24) - 1;
  const bag = <usize>load<u32>(area, 8);
  const nodes = <usize>load<u32>(area, 40);
  const values = <usize>load<u32>(area, 44);
  for (let row = from; row < to; row++) {
    if (load<f32>(bag + ((<usize>row) << 2)) > 0) continue;
    let node = nodes;
    while (load<i32>(node) >= 0) {
      const bin = <i32>load<u8>(columns + <usize>load<i32>(node) * columnBytes + <usize>row);
      node = nodes + <usize>(goesLeft(node, bin) ? load<i32>(node, 16) : load<i32>(node, 20)) * nodeBytes;
    }
    const value = values + ((<usize>(load<i32>(node, 40) * outputs)) << 2);
    const sum = sums + ((<usize>(row * outputs)) << 3);
    for (let output = 0; output < outputs; output++)
      store<f64>(sum + ((<usize>output) << 3), load<f64>(sum + ((<usize>output) << 3)) + <f64>load<f32>(value + ((<usize>output) << 2)));
    const counter = seen + ((<usize>row) << 2);
    store<i32>(counter, load<i32>(counter) + 1);
  }
}
