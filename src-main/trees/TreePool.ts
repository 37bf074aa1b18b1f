import { ModelkeepError } from '../../src-shared/errors/modelkeepError.ts';
import { ThreadTeam, type HelperThread } from '../kernels/threads/ThreadTeam.ts';
import { treeKernels, type TreeKernels } from '../kernels/treeKernels.ts';
import { createSharedMemory, type SharedMemory } from '../kernels/webAssembly.ts';
import { fillConstants, runChunk, scratchByte, scratchBytes, type TaskName } from './grow/tasks.ts';

/** Threads beside the caller's. The stage that owns workers gives them; each of them calls `serveTreeThread`. */
export interface TreeThreads {
  count: number;
  /** Starts one, without waiting for it. */
  start(): HelperThread;
}

const pageBytes = 65_536;
const mostBytes = 65_536 * pageBytes;
/** Whole cache lines, twice: processors fetch lines in pairs. */
const alignment = 128;

/**
 * The memory in which trees grow and the threads that work in it. It is taken whole at the start and does not grow; parts are taken
 * and given back like a stack. Whoever opens a pool ends it.
 */
export class TreePool {
  readonly kernels: TreeKernels;
  readonly team: ThreadTeam;
  readonly bytes: Uint8Array<SharedArrayBuffer>;
  readonly words: Int32Array<SharedArrayBuffer>;
  readonly floats: Float32Array<SharedArrayBuffer>;
  readonly doubles: Float64Array<SharedArrayBuffer>;
  /** Threads that a run can have, the caller's included: parts of the memory are set aside for each. */
  readonly threads: number;
  readonly #end: number;
  #next: number;

  /**
   * Room for `bytes`, as `treeBytes` tells them. Throws MK_TREES_MEMORY_EXCEEDED above 4 GiB or when the system has no more.
   * Without `threads` everything runs in the caller's.
   */
  constructor(bytes: number, threads?: TreeThreads) {
    this.threads = 1 + (threads?.count ?? 0);
    this.#next = align(scratchByte + this.threads * scratchBytes);
    this.#end = Math.ceil((this.#next + bytes) / pageBytes) * pageBytes;
    const refuse = (cause?: unknown): ModelkeepError =>
      new ModelkeepError('MK_TREES_MEMORY_EXCEEDED', { neededMb: Math.ceil(this.#end / 2 ** 20), limitMb: 4096 }, { cause });
    if (this.#end > mostBytes) throw refuse();
    let memory: SharedMemory;
    try {
      memory = createSharedMemory(this.#end / pageBytes);
    } catch (cause) {
      throw refuse(cause);
    }
    const { buffer } = memory;
    this.bytes = new Uint8Array(buffer);
    this.words = new Int32Array(buffer);
    this.floats = new Float32Array(buffer);
    this.doubles = new Float64Array(buffer);
    this.kernels = treeKernels(memory);
    fillConstants(this.bytes);
    const helpers = Array.from({ length: threads?.count ?? 0 }, () => threads!.start());
    this.team = new ThreadTeam(memory, helpers, runChunk(this.kernels, buffer));
  }

  /** Address of `bytes` more; what stands there is left over from before. */
  take(bytes: number): number {
    const address = this.#next;
    this.#next = align(address + bytes);
    if (this.#next > this.#end) throw new Error(`The pool has no room for another ${bytes} bytes.`);
    return address;
  }

  /** Everything taken since goes back when `address` was the first of it. */
  giveBack(address: number): void {
    this.#next = address;
  }

  floatsAt(address: number, length: number): Float32Array<SharedArrayBuffer> {
    return this.floats.subarray(address >> 2, (address >> 2) + length);
  }

  /** Runs a task over `chunks` chunks with all threads; alone where the work is too small to share. */
  run(task: TaskName, chunks: number, values: readonly number[], alone = false): void {
    const { team } = this;
    const list = team.arguments;
    for (let at = 0; at < values.length; at++) list[at] = values[at]!;
    if (alone) team.runAlone(task, chunks);
    else team.run(task, chunks);
  }

  end(): void {
    this.team.end();
  }
}

/** Bytes that `take` uses up. */
export function align(bytes: number): number {
  return Math.ceil(bytes / alignment) * alignment;
}
