const float = new Float32Array(1);
const bits = new Int32Array(float.buffer);

/** The largest float32 that is not above `value`: every float32 compares with it (≤) as with `value`. */
export function floorToFloat32(value: number): number {
  float[0] = value;
  return float[0]! > value ? previousFloat32(float[0]!) : float[0]!;
}

/** The float32 before `value`: x < value exactly when x ≤ what this returns, for every float32 x. −Infinity stays (nothing is below). */
export function previousFloat32(value: number): number {
  if (value === -Infinity || Number.isNaN(value)) return value;
  float[0] = value;
  // 0 and −0 are one number: the one before is the smallest negative one.
  if (float[0] === 0) bits[0] = -0x7fff_ffff;
  else bits[0] = bits[0]! + (float[0]! > 0 ? -1 : 1);
  return float[0]!;
}
