/**
 * Adafactor's direction for a stack of matrices [matrices, rows, columns]. The mean squares of rows R and columns C move
 * towards those of the gradient by `fresh`, then u = s g / √max(R Cᵀ / max(mean R, ε), ε²) takes the gradient's place.
 * Returns Σu². `columns` may be any number: rows follow each other without padding.
 */
export function adafactorMatrix(
  gradients: usize,
  rowSquares: usize,
  columnSquares: usize,
  matrices: i32,
  rows: i32,
  columns: i32,
  gradientScale: f32,
  fresh: f32,
  epsilon: f32,
): f64 {
  let total: f64 = 0;
  const rowBytes = (<usize>columns) << 2;
  const whole = ((<usize>columns) & ~3) << 2;
  for (let matrix = 0; matrix < matrices; matrix++) {
    const start = gradients + <usize>matrix * <usize>rows * rowBytes;
    const rowStart = rowSquares + ((<usize>matrix * <usize>rows) << 2);
    const columnStart = columnSquares + <usize>matrix * rowBytes;
    let meanRow = updateSquares(start, rowStart, columnStart, rows, columns, gradientScale, fresh);
    if (meanRow < epsilon) meanRow = epsilon;
    const least = epsilon * epsilon;
    for (let row = 0; row < rows; row++) {
      const g = start + <usize>row * rowBytes;
      const factor = load<f32>(rowStart + ((<usize>row) << 2)) / meanRow;
      let sum = f32x4.splat(0);
      let at: usize = 0;
      for (; at < whole; at += 16) {
        const variance = f32x4.max(f32x4.mul(v128.load(columnStart + at), f32x4.splat(factor)), f32x4.splat(least));
        const u = f32x4.div(f32x4.mul(v128.load(g + at), f32x4.splat(gradientScale)), f32x4.sqrt(variance));
        v128.store(g + at, u);
        sum = f32x4.add(sum, f32x4.mul(u, u));
      }
      let rest: f64 = 0;
      for (; at < rowBytes; at += 4) {
        const variance = max<f32>(load<f32>(columnStart + at) * factor, least);
        const u = (load<f32>(g + at) * gradientScale) / sqrt<f32>(variance);
        store<f32>(g + at, u);
        rest += <f64>u * <f64>u;
      }
      total += lanes(sum) + rest;
    }
  }
  return total;
}

/** For a vector: V ← V + fresh ((s g)² − V), u = s g / √max(V, ε²) in the gradient's place. Returns Σu². */
export function adafactorVector(gradients: usize, squares: usize, count: i32, gradientScale: f32, fresh: f32, epsilon: f32): f64 {
  let total: f64 = 0;
  const end = (<usize>count) << 2;
  for (let at: usize = 0; at < end; at += 16) {
    const g = f32x4.mul(v128.load(gradients + at), f32x4.splat(gradientScale));
    const old = v128.load(squares + at);
    const v = f32x4.add(old, f32x4.mul(f32x4.sub(f32x4.mul(g, g), old), f32x4.splat(fresh)));
    v128.store(squares + at, v);
    const u = f32x4.div(g, f32x4.sqrt(f32x4.max(v, f32x4.splat(epsilon * epsilon))));
    v128.store(gradients + at, u);
    total += lanes(f32x4.mul(u, u));
  }
  return total;
}

/** Moves R and C of one matrix; returns the mean of R. */
function updateSquares(start: usize, rowStart: usize, columnStart: usize, rows: i32, columns: i32, gradientScale: f32, fresh: f32): f32 {
  const rowBytes = (<usize>columns) << 2;
  const whole = ((<usize>columns) & ~3) << 2;
  for (let at: usize = 0; at < rowBytes; at += 4) store<f32>(columnStart + at, load<f32>(columnStart + at) * (1 - fresh));
  const share = fresh / <f32>rows;
  let rowSum: f64 = 0;
  for (let row = 0; row < rows; row++) {
    const from = start + <usize>row * rowBytes;
    let sum = f32x4.splat(0);
    let at: usize = 0;
    for (; at < whole; at += 16) {
      const g = f32x4.mul(v128.load(from + at), f32x4.splat(gradientScale));
      const square = f32x4.mul(g, g);
      sum = f32x4.add(sum, square);
      v128.store(columnStart + at, f32x4.add(v128.load(columnStart + at), f32x4.mul(square, f32x4.splat(share))));
    }
    let rest: f64 = 0;
    for (; at < rowBytes; at += 4) {
      const g = load<f32>(from + at) * gradientScale;
      rest += <f64>g * <f64>g;
      store<f32>(columnStart + at, load<f32>(columnStart + at) + g * g * share);
    }
    const mean = <f32>((lanes(sum) + rest) / <f64>columns);
    const place = rowStart + ((<usize>row) << 2);
    const moved = load<f32>(place) + (mean - load<f32>(place)) * fresh;
    store<f32>(place, moved);
    rowSum += <f64>moved;
  }
  return <f32>(rowSum / <f64>rows);
}

function lanes(vector: v128): f64 {
  return (
    <f64>f32x4.extract_lane(vector, 0) +
    <f64>f32x4.extract_lane(vector, 1) +
    (<f64>f32x4.extract_lane(vector, 2) + <f64>f32x4.extract_lane(vector, 3))
  );
}
