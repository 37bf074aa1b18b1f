/**
 * Kernels for training over flat float32 vectors. Addresses are in bytes; vectors start at multiples of 16 bytes and, unless
 * said otherwise, hold a multiple of 4 numbers: what pads them is 0 and stays 0. No kernel allocates or touches anything but
 * what it is given; the order of additions depends on lengths only, so that equal input gives equal bits.
 */
export { sgd, momentum, nesterov } from './sgd';
export { adam, adamRows } from './adam';
export { lion } from './lion';
export { lambDirection } from './lamb';
export { adafactorMatrix, adafactorVector } from './adafactor';
export { addRows, clearRows } from './rows';
export {
  addScaled,
  blockSquares,
  firstNotFinite,
  moveTowards,
  scale,
  sumOfSquares,
  sumParts,
  sumPartsSquares,
  zeroBelow,
} from './vectors';
