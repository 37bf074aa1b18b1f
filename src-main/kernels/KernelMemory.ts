import { ModelkeepError } from '../../src-shared/errors/modelkeepError.ts';
import { firstFreeByte, mostPages } from './modules.ts';
import { afterControl } from './threads/controlMemory.ts';
import { createMemory, createSharedMemory } from './webAssembly.ts';

const pageBytes = 65_536;
/** Vectors start at cache lines and are padded to whole ones; the padding is 0 and kernels keep it so. */
const lineNumbers = 16;

/** Numbers that a vector takes with its padding. */
export function paddedLength(length: number): number {
  return Math.ceil(length / lineNumbers) * lineNumbers;
}

/** Vectors in a WebAssembly memory, which never grows, so that views of it stay valid. */
class VectorMemory<Buffer extends ArrayBufferLike> {
  readonly memory: { readonly buffer: Buffer };
  readonly #end: number;
  #next: number;

  constructor(numbers: number, firstByte: number, create: (pages: number) => { readonly buffer: Buffer }) {
    this.#next = Math.ceil(firstByte / (4 * lineNumbers)) * 4 * lineNumbers;
    this.#end = this.#next + numbers * Float32Array.BYTES_PER_ELEMENT;
    const pages = Math.ceil(this.#end / pageBytes);
    const refuse = (cause?: unknown): ModelkeepError =>
      new ModelkeepError('MK_KERNELS_MEMORY_EXCEEDED', { neededMb: Math.ceil(this.#end / 2 ** 20), limitMb: 4096 }, { cause });
    if (pages > mostPages) throw refuse();
    try {
      this.memory = create(pages);
    } catch (cause) {
      throw refuse(cause);
    }
  }

  /** `length` zeros, at the next cache line. */
  vector(length: number): Float32Array<Buffer> {
    const start = this.#next;
    const next = start + paddedLength(length) * Float32Array.BYTES_PER_ELEMENT;
    if (next > this.#end) throw new Error(`The kernel memory has no room for another ${length} numbers.`);
    this.#next = next;
    return new Float32Array(this.memory.buffer, start, length);
  }

  /** The same as i32. */
  integers(length: number): Int32Array<Buffer> {
    const { byteOffset } = this.vector(length);
    return new Int32Array(this.memory.buffer, byteOffset, length);
  }
}

/**
 * A WebAssembly memory that holds float32 vectors; ONNX Runtime takes such views as tensors in place.
 *
 * ```ts
 * const memory = new KernelMemory(2 * paddedLength(1000));
 * const [weights, gradients] = [memory.vector(1000), memory.vector(1000)];
 * ```
 */
export class KernelMemory extends VectorMemory<ArrayBuffer> {
  /** Room for so many numbers, padding included. Throws MK_KERNELS_MEMORY_EXCEEDED above 4 GiB or when the system has no more. */
  constructor(numbers: number) {
    super(numbers, firstFreeByte, createMemory);
  }
}

/** The same between threads, with room for what a `PassTeam` keeps. Not every runtime takes its views (`run/gradient/sharedMemory.ts` asks). */
export class SharedKernelMemory extends VectorMemory<SharedArrayBuffer> {
  constructor(numbers: number) {
    super(numbers, afterControl, createSharedMemory);
  }
}
