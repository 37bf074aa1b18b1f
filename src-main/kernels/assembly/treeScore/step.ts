/**
 * From a node to the next, both as offsets in the tree that begins at `tree`. `keys` are those of the group, `lane` is 4 × the
 * number of the row in it. Without a branch: in trees with sets a number looks at the first byte of the sets and forgets it.
 * `withSets` is a constant where this is called.
 */
// @ts-ignore: AssemblyScript's decorator
@inline
export function step(tree: usize, node: usize, keys: usize, lane: usize, shift: u32, mask: u32, sets: usize, withSets: bool): usize {
  const at = tree + node;
  const packed = load<u32>(at, 4);
  const key = load<i32>(keys + <usize>(packed >>> shift) + lane);
  const threshold = load<i32>(at);
  if (!withSets) return <usize>(packed & mask) + (<usize>(key > threshold) << 3);
  const flag = packed & 1;
  const byte = <u32>load<u8>(sets + <usize>((threshold + <i32>(<u32>key >>> 3)) & -(<i32>flag)));
  const right = select<u32>((byte >>> (key & 7)) & 1, <u32>(key > threshold), flag);
  return <usize>(packed & mask) + (<usize>right << 3);
}
