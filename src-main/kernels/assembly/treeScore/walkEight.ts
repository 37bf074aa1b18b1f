import { step } from './step';

/**
 * Eight walks side by side, since each step waits for two loads after each other: through tree `t0` with the keys of lane 0, tree `t1`
 * with those `laneBytes` further on, and so on. Every third level looks whether all have arrived. The thresholds of their leaves go to
 * `leaves`, 4 bytes each, or with `byTable` to the addresses that stand from there on (those of `walkTrees`). `laneBytes`, `byTable`
 * and `withSets` are constants where this is called.
 */
// @ts-ignore: AssemblyScript's decorator
@inline
export function walkEight(
  t0: usize,
  t1: usize,
  t2: usize,
  t3: usize,
  t4: usize,
  t5: usize,
  t6: usize,
  t7: usize,
  depth: i32,
  keys: usize,
  laneBytes: usize,
  shift: u32,
  mask: u32,
  sets: usize,
  withSets: bool,
  leaves: usize,
  byTable: bool,
): void {
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
      n1 = step(t1, n1, keys, laneBytes, shift, mask, sets, withSets);
      n2 = step(t2, n2, keys, 2 * laneBytes, shift, mask, sets, withSets);
      n3 = step(t3, n3, keys, 3 * laneBytes, shift, mask, sets, withSets);
      n4 = step(t4, n4, keys, 4 * laneBytes, shift, mask, sets, withSets);
      n5 = step(t5, n5, keys, 5 * laneBytes, shift, mask, sets, withSets);
      n6 = step(t6, n6, keys, 6 * laneBytes, shift, mask, sets, withSets);
      n7 = step(t7, n7, keys, 7 * laneBytes, shift, mask, sets, withSets);
    }
    level++;
    const m0 = step(t0, n0, keys, 0, shift, mask, sets, withSets);
    const m1 = step(t1, n1, keys, laneBytes, shift, mask, sets, withSets);
    const m2 = step(t2, n2, keys, 2 * laneBytes, shift, mask, sets, withSets);
    const m3 = step(t3, n3, keys, 3 * laneBytes, shift, mask, sets, withSets);
    const m4 = step(t4, n4, keys, 4 * laneBytes, shift, mask, sets, withSets);
    const m5 = step(t5, n5, keys, 5 * laneBytes, shift, mask, sets, withSets);
    const m6 = step(t6, n6, keys, 6 * laneBytes, shift, mask, sets, withSets);
    const m7 = step(t7, n7, keys, 7 * laneBytes, shift, mask, sets, withSets);
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
  if (byTable) {
    store<i32>(<usize>load<u32>(leaves, 8), load<i32>(t0 + n0));
    store<i32>(<usize>load<u32>(leaves, 24), load<i32>(t1 + n1));
    store<i32>(<usize>load<u32>(leaves, 40), load<i32>(t2 + n2));
    store<i32>(<usize>load<u32>(leaves, 56), load<i32>(t3 + n3));
    store<i32>(<usize>load<u32>(leaves, 72), load<i32>(t4 + n4));
    store<i32>(<usize>load<u32>(leaves, 88), load<i32>(t5 + n5));
    store<i32>(<usize>load<u32>(leaves, 104), load<i32>(t6 + n6));
    store<i32>(<usize>load<u32>(leaves, 120), load<i32>(t7 + n7));
  } else {
    store<i32>(leaves, load<i32>(t0 + n0), 0);
    store<i32>(leaves, load<i32>(t1 + n1), 4);
    store<i32>(leaves, load<i32>(t2 + n2), 8);
    store<i32>(leaves, load<i32>(t3 + n3), 12);
    store<i32>(leaves, load<i32>(t4 + n4), 16);
    store<i32>(leaves, load<i32>(t5 + n5), 20);
    store<i32>(leaves, load<i32>(t6 + n6), 24);
    store<i32>(leaves, load<i32>(t7 + n7), 28);
  }
}
