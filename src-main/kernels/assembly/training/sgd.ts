/** θ ← keep θ − rate · s g, with s = gradientScale. */
export function sgd(parameters: usize, gradients: usize, count: i32, gradientScale: f32, rate: f32, keep: f32): void {
  const step = f32x4.splat(rate);
  const kept = f32x4.splat(keep);
  const factor = f32x4.splat(gradientScale);
  const end = (<usize>count) << 2;
  for (let at: usize = 0; at < end; at += 16) {
    const g = f32x4.mul(v128.load(gradients + at), factor);
    v128.store(parameters + at, f32x4.sub(f32x4.mul(v128.load(parameters + at), kept), f32x4.mul(g, step)));
  }
}

/** b ← μ b + s g,  θ ← keep θ − rate · b. */
export function momentum(
  parameters: usize,
  gradients: usize,
  buffers: usize,
  count: i32,
  gradientScale: f32,
  mu: f32,
  rate: f32,
  keep: f32,
): void {
  const step = f32x4.splat(rate);
  const kept = f32x4.splat(keep);
  const factor = f32x4.splat(gradientScale);
  const decay = f32x4.splat(mu);
  const end = (<usize>count) << 2;
  for (let at: usize = 0; at < end; at += 16) {
    const g = f32x4.mul(v128.load(gradients + at), factor);
    const b = f32x4.add(f32x4.mul(v128.load(buffers + at), decay), g);
    v128.store(buffers + at, b);
    v128.store(parameters + at, f32x4.sub(f32x4.mul(v128.load(parameters + at), kept), f32x4.mul(b, step)));
  }
}

/** b ← μ b + s g,  θ ← keep θ − rate · (s g + μ b). */
export function nesterov(
  parameters: usize,
  gradients: usize,
  buffers: usize,
  count: i32,
  gradientScale: f32,
  mu: f32,
  rate: f32,
  keep: f32,
): void {
  const step = f32x4.splat(rate);
  const kept = f32x4.splat(keep);
  const factor = f32x4.splat(gradientScale);
  const decay = f32x4.splat(mu);
  const end = (<usize>count) << 2;
  for (let at: usize = 0; at < end; at += 16) {
    const g = f32x4.mul(v128.load(gradients + at), factor);
    const b = f32x4.add(f32x4.mul(v128.load(buffers + at), decay), g);
    v128.store(buffers + at, b);
    const direction = f32x4.add(g, f32x4.mul(b, decay));
    v128.store(parameters + at, f32x4.sub(f32x4.mul(v128.load(parameters + at), kept), f32x4.mul(direction, step)));
  }
}
