const nodeBytes: usize = 32;

/**
 * Downwards: for every node whether the row follows the feature of its edge (`followed`, a byte each) and the product of all
 * features' factors at every point (`products`, float64 [nodes, points]). `keys` is the row's place in its group, `scratch` a byte
 * a node. The root's product is 1.
 */
export function spread(
  nodes: usize,
  count: i32,
  tables: usize,
  points: i32,
  keys: usize,
  sets: usize,
  scratch: usize,
  followed: usize,
  products: usize,
): void {
  const lineBytes = (<usize>points) << 3;
  for (let offset: usize = 0; offset < lineBytes; offset += 16) v128.store(products + offset, f64x2.splat(1));
  store<u8>(scratch, goesRight(nodes, keys, sets));
  for (let node = 1; node < count; node++) {
    const at = nodes + <usize>node * nodeBytes;
    const parent = <usize>load<i32>(at);
    const above = load<i32>(at, 8);
    const before = above < 0 ? <u32>1 : <u32>load<u8>(followed + <usize>above);
    const now = before & (<u32>load<u8>(scratch + parent) ^ <u32>load<i32>(at, 4) ^ 1);
    store<u8>(followed + <usize>node, now);
    if (load<i32>(at, 24) != 0) store<u8>(scratch + <usize>node, goesRight(at, keys, sets));
    // Tables in the order (1, 1), (1, 0), (0, 0).
    let table = tables + <usize>(node * 5 + 2 - <i32>before - <i32>now) * lineBytes;
    let from = products + parent * lineBytes;
    let to = products + <usize>node * lineBytes;
    const end = to + lineBytes;
    for (; to < end; to += 16) {
      v128.store(to, f64x2.mul(v128.load(from), v128.load(table)));
      from += 16;
      table += 16;
    }
  }
}

// @ts-ignore: AssemblyScript's decorator
@inline
function goesRight(at: usize, keys: usize, sets: usize): u32 {
  const kind = load<i32>(at, 24);
  if (kind == 0) return 0;
  const threshold = load<i32>(at, 16);
  const key = load<i32>(keys + <usize>load<i32>(at, 20));
  if (kind == 1) return u32(key > threshold);
  return (<u32>load<u8>(sets + <usize>threshold + <usize>(<u32>key >>> 3)) >>> (key & 7)) & 1;
}
