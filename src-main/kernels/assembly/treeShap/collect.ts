const nodeBytes: usize = 32;

/**
 * Upwards: `sums` (float64 [nodes, points]) become the products of the leaves below times their values and `weights`, and every
 * edge adds to its feature in `contributions` (float64): what its leaves give at the points, less what the edge above with the
 * same feature gave for them. `values` has a float64 a node.
 */
export function collect(
  nodes: usize,
  count: i32,
  tables: usize,
  points: i32,
  followed: usize,
  products: usize,
  values: usize,
  weights: usize,
  sums: usize,
  contributions: usize,
): void {
  const lineBytes = (<usize>points) << 3;
  for (let node = count - 1; node > 0; node--) {
    const at = nodes + <usize>node * nodeBytes;
    const own = sums + <usize>node * lineBytes;
    if (load<i32>(at, 24) == 0) {
      const value = f64x2.splat(load<f64>(values + ((<usize>node) << 3)));
      const product = products + <usize>node * lineBytes;
      for (let offset: usize = 0; offset < lineBytes; offset += 16)
        v128.store(own + offset, f64x2.mul(f64x2.mul(v128.load(product + offset), v128.load(weights + offset)), value));
    }
    const above = load<i32>(at, 8);
    const share = tables + <usize>(node * 5 + 4 - <i32>load<u8>(followed + <usize>node)) * lineBytes;
    let sum = f64x2.splat(0);
    const parent = sums + <usize>load<i32>(at) * lineBytes;
    const first = load<i32>(at, 4) == 1;
    if (above < 0) {
      for (let offset: usize = 0; offset < lineBytes; offset += 16) {
        const below = v128.load(own + offset);
        sum = f64x2.add(sum, f64x2.mul(below, v128.load(share + offset)));
        // The right child comes first on the way back.
        v128.store(parent + offset, first ? below : f64x2.add(v128.load(parent + offset), below));
      }
    } else {
      const before = tables + <usize>(above * 5 + 4 - <i32>load<u8>(followed + <usize>above)) * lineBytes;
      for (let offset: usize = 0; offset < lineBytes; offset += 16) {
        const below = v128.load(own + offset);
        const change = f64x2.sub(v128.load(share + offset), v128.load(before + offset));
        sum = f64x2.add(sum, f64x2.mul(below, change));
        v128.store(parent + offset, first ? below : f64x2.add(v128.load(parent + offset), below));
      }
    }
    const to = contributions + ((<usize>load<i32>(at, 12)) << 3);
    store<f64>(to, load<f64>(to) + f64x2.extract_lane(sum, 0) + f64x2.extract_lane(sum, 1));
  }
}
