/** 32 well mixed bits of two integers (the finaliser of MurmurHash3). */
export function mix(a: number, b: number): number {
  let bits = Math.imul(a ^ 0x9e37_79b9, 0x85eb_ca6b) + Math.imul(b, 0xc2b2_ae35);
  bits ^= bits >>> 16;
  bits = Math.imul(bits, 0x85eb_ca6b);
  bits ^= bits >>> 13;
  bits = Math.imul(bits, 0xc2b2_ae35);
  return (bits ^ (bits >>> 16)) | 0;
}

/** Uniform numbers 0 … 1 (mulberry32). */
export function randomFrom(seed: number): () => number {
  let state = mix(seed, 1);
  return () => {
    state = (state + 0x6d2b_79f5) | 0;
    let bits = Math.imul(state ^ (state >>> 15), state | 1);
    bits ^= bits + Math.imul(bits ^ (bits >>> 7), bits | 61);
    return ((bits ^ (bits >>> 14)) >>> 0) / 2 ** 32;
  };
}
