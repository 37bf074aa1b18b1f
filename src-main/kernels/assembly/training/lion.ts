/** θ ← keep θ − rate · sign(β₁ m + (1 − β₁) s g),  m ← β₂ m + (1 − β₂) s g. */
export function lion(
  parameters: usize,
  gradients: usize,
  momenta: usize,
  count: i32,
  gradientScale: f32,
  beta1: f32,
  fresh1: f32,
  beta2: f32,
  fresh2: f32,
  rate: f32,
  keep: f32,
): void {
  const factor = f32x4.splat(gradientScale);
  const zero = f32x4.splat(0);
  const up = f32x4.splat(rate);
  const kept = f32x4.splat(keep);
  const end = (<usize>count) << 2;
  for (let at: usize = 0; at < end; at += 16) {
    const g = f32x4.mul(v128.load(gradients + at), factor);
    const m = v128.load(momenta + at);
    const mixed = f32x4.add(f32x4.mul(m, f32x4.splat(beta1)), f32x4.mul(g, f32x4.splat(fresh1)));
    v128.store(momenta + at, f32x4.add(f32x4.mul(m, f32x4.splat(beta2)), f32x4.mul(g, f32x4.splat(fresh2))));
    const change = f32x4.sub(v128.and(f32x4.gt(mixed, zero), up), v128.and(f32x4.lt(mixed, zero), up));
    v128.store(parameters + at, f32x4.sub(f32x4.mul(v128.load(parameters + at), kept), change));
  }
}
