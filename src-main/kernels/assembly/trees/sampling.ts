import { hash1 } from './numbers';

/** Splits rows from … to by chance: those of the sample to `taken`, the others to `others`; returns how many were taken. `share` in 2³² parts. */
export function sampleRows(from: i32, to: i32, share: u32, seed: i32, taken: usize, others: usize): i32 {
  const start = taken;
  for (let row = from; row < to; row++) {
    const goes = <usize>(hash1(row, seed) < share);
    store<u32>(taken, row);
    store<u32>(others, row);
    taken += goes << 2;
    others += (1 - goes) << 2;
  }
  return <i32>((taken - start) >> 2);
}

/** Counts rows by the leading 12 bits of the float32 |g| (the sign aside): 2,048 counters of 4 bytes. */
export function magnitudeCounts(gradients: usize, hessians: usize, from: i32, to: i32, counts: usize): void {
  for (let row = from; row < to; row++) {
    const at = <usize>row << 2;
    const magnitude = reinterpret<u32>(abs(load<f32>(gradients + at) * load<f32>(hessians + at)));
    const counter = counts + (<usize>(magnitude >>> 20) << 2);
    store<i32>(counter, load<i32>(counter) + 1);
  }
}

/**
 * One-sided sampling (LightGBM 2017, algorithm 2): rows whose |g h| has leading bits from `edge` on stay; of the others a share
 * stays, gradients and hessians multiplied by `amplify`, and the rest become 0.
 */
export function goss(gradients: usize, hessians: usize, from: i32, to: i32, edge: u32, share: u32, amplify: f32, seed: i32): void {
  for (let row = from; row < to; row++) {
    const at = (<usize>row) << 2;
    const gradient = load<f32>(gradients + at);
    const hessian = load<f32>(hessians + at);
    if (reinterpret<u32>(abs(gradient * hessian)) >>> 20 >= edge) continue;
    const factor: f32 = hash1(row, seed) < share ? amplify : 0;
    store<f32>(gradients + at, gradient * factor);
    store<f32>(hessians + at, hessian * factor);
  }
}

/** Splits rows from … to: those whose packed gradient is not 0, and the others. */
export function pickRows(from: i32, to: i32, packed: usize, taken: usize, others: usize): i32 {
  const start = taken;
  for (let row = from; row < to; row++) {
    const goes = <usize>(load<i32>(packed + ((<usize>row) << 2)) != 0);
    store<u32>(taken, row);
    store<u32>(others, row);
    taken += goes << 2;
    others += (1 - goes) << 2;
  }
  return <i32>((taken - start) >> 2);
}
