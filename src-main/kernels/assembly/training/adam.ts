/**
 * M ← β₁ M + s g,  V ← β₂ V + (s g)²,  θ ← keep θ − stepSize · M / (√V + ε): Adam with its constants folded into the
 * numbers of the step, as in optimizers/adam.ts. `epsilon` must be above 0.
 */
export function adam(
  parameters: usize,
  gradients: usize,
  firstMoments: usize,
  secondMoments: usize,
  count: i32,
  gradientScale: f32,
  beta1: f32,
  beta2: f32,
  stepSize: f32,
  epsilon: f32,
  keep: f32,
): void {
  const factor = f32x4.splat(gradientScale);
  const decay1 = f32x4.splat(beta1);
  const decay2 = f32x4.splat(beta2);
  const step = f32x4.splat(stepSize);
  const small = f32x4.splat(epsilon);
  const kept = f32x4.splat(keep);
  const end = (<usize>count) << 2;
  for (let at: usize = 0; at < end; at += 16) {
    const g = f32x4.mul(v128.load(gradients + at), factor);
    const m = f32x4.add(f32x4.mul(v128.load(firstMoments + at), decay1), g);
    const v = f32x4.add(f32x4.mul(v128.load(secondMoments + at), decay2), f32x4.mul(g, g));
    v128.store(firstMoments + at, m);
    v128.store(secondMoments + at, v);
    const change = f32x4.div(f32x4.mul(m, step), f32x4.add(f32x4.sqrt(v), small));
    v128.store(parameters + at, f32x4.sub(f32x4.mul(v128.load(parameters + at), kept), change));
  }
}

/** `adam` on some rows of a table: `rows` are i32, `rowBytes` a multiple of 16. */
export function adamRows(
  rows: usize,
  count: i32,
  parameters: usize,
  gradients: usize,
  firstMoments: usize,
  secondMoments: usize,
  rowBytes: usize,
  gradientScale: f32,
  beta1: f32,
  beta2: f32,
  stepSize: f32,
  epsilon: f32,
  keep: f32,
): void {
  const width = <i32>(rowBytes >> 2);
  for (let at = 0; at < count; at++) {
    const start = <usize>load<i32>(rows + ((<usize>at) << 2)) * rowBytes;
    adam(
      parameters + start,
      gradients + start,
      firstMoments + start,
      secondMoments + start,
      width,
      gradientScale,
      beta1,
      beta2,
      stepSize,
      epsilon,
      keep,
    );
  }
}
