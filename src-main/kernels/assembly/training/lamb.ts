/**
 * First half of LAMB for one tensor: moments as in `adam`, then the direction u = size · M / (√V + ε) + decay · θ takes the
 * place of the gradient. The host compares norms and steps by `addScaled`.
 */
export function lambDirection(
  parameters: usize,
  gradients: usize,
  firstMoments: usize,
  secondMoments: usize,
  count: i32,
  gradientScale: f32,
  beta1: f32,
  beta2: f32,
  size: f32,
  epsilon: f32,
  decay: f32,
): void {
  const factor = f32x4.splat(gradientScale);
  const end = (<usize>count) << 2;
  for (let at: usize = 0; at < end; at += 16) {
    const g = f32x4.mul(v128.load(gradients + at), factor);
    const m = f32x4.add(f32x4.mul(v128.load(firstMoments + at), f32x4.splat(beta1)), g);
    const v = f32x4.add(f32x4.mul(v128.load(secondMoments + at), f32x4.splat(beta2)), f32x4.mul(g, g));
    v128.store(firstMoments + at, m);
    v128.store(secondMoments + at, v);
    const change = f32x4.div(f32x4.mul(m, f32x4.splat(size)), f32x4.add(f32x4.sqrt(v), f32x4.splat(epsilon)));
    v128.store(gradients + at, f32x4.add(change, f32x4.mul(v128.load(parameters + at), f32x4.splat(decay))));
  }
}
