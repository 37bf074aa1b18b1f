const nodeBytes: usize = 32;

/**
 * Tables of all edges of a tree at the points t (float64). `shares` has for each edge z, the share of the training rows that the
 * path so far keeps on account of its feature: a factor is z (1 − t) + t where the row follows, z (1 − t) where it does not.
 */
export function fillTables(nodes: usize, count: i32, shares: usize, points: i32, at: usize, tables: usize): void {
  const lineBytes = (<usize>points) << 3;
  for (let node = 1; node < count; node++) {
    const share = load<f64>(shares + ((<usize>node) << 3));
    const above = load<i32>(nodes + <usize>node * nodeBytes, 8);
    const before = above < 0 ? <f64>1 : load<f64>(shares + ((<usize>above) << 3));
    let to = tables + <usize>(node * 5) * lineBytes;
    for (let offset: usize = 0; offset < lineBytes; offset += 8) {
      const t = load<f64>(at + offset);
      const rest = 1 - t;
      const followed = share * rest + t;
      const followedBefore = above < 0 ? <f64>1 : before * rest + t;
      store<f64>(to, followed / followedBefore);
      store<f64>(to + lineBytes, (share * rest) / followedBefore);
      // A share of 0 stays 0: so does the product.
      store<f64>(to + 2 * lineBytes, before > 0 ? share / before : 0);
      store<f64>(to + 3 * lineBytes, (1 - share) / followed);
      store<f64>(to + 4 * lineBytes, -1 / rest);
      to += 8;
    }
  }
}
