import { ModelkeepError } from '../../src-shared/errors/modelkeepError.ts';
import { firstFreeByte, mostPages } from './modules.ts';
import { createMemory, type Memory } from './webAssembly.ts';

const pageBytes = 65_536;
/** Vectors start at cache lines and are padded to whole ones; the padding is 0 and kernels keep it so. */
const lineNumbers = 16;

/** Numbers that a vector takes with its padding. */
export function paddedLength(length: number): number {
  return Math.ceil(length / lineNumbers) * lineNumbers;
}

/**
 * A WebAssembly memory that holds float32 vectors. It never grows, so that views of it stay valid; ONNX Runtime takes such
 * views as tensors in place.
 *
 * ```ts
 * const memory = new KernelMemory(2 * paddedLength(1000));
 * const [weights, gradients] = [memory.vector(1000), memory.vector(1000)];
 * ```
 */
export class KernelMemory {
  readonly memory: Memory;
  readonly #end: number;
  #next = firstFreeByte;

  /** Room for so many numbers, padding included. Throws MK_KERNELS_MEMORY_EXCEEDED above 4 GiB or when the system has no more. */
  constructor(numbers: number) {
    this.#end = firstFreeByte + numbers * Float32Array.BYTES_PER_ELEMENT;
    const pages = Math.ceil(this.#end / pageBytes);
    const refuse = (cause?: unknown): ModelkeepError =>
      new ModelkeepError('MK_KERNELS_MEMORY_EXCEEDED', { neededMb: Math.ceil(this.#end / 2 ** 20), limitMb: 4096 }, { cause });
    if (pages > mostPages) throw refuse();
    try {
      this.memory = createMemory(pages);
    } catch (cause) {
      throw refuse(cause);
    }
  }

  /** `length` zeros, at the next cache line. */
  vector(length: number): Float32Array<ArrayBuffer> {
    const start = this.#next;
    const next = start + paddedLength(length) * Float32Array.BYTES_PER_ELEMENT;
    if (next > this.#end) throw new Error(`The kernel memory has no room for another ${length} numbers.`);
    this.#next = next;
    return new Float32Array(this.memory.buffer, start, length);
  }
}
