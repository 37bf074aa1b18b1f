// How much this process may use. The host started it with a heap limit equal to its memory limit, so that is where the figure stands.
import { availableParallelism } from 'node:os';
import { dirname, join } from 'node:path';

export interface EngineLimits {
  memoryMb: number;
  threads: number;
}

/** Half of the process's memory for the engine: buffers of readers and writers, and this program, live beside it. More than 1 GiB gains
 *  nothing on the tables measured (5 M × 20), because the engine spills. */
export function engineLimits(execArgv: readonly string[] = process.execArgv): EngineLimits {
  const heap = execArgv.map((argument) => /^--max-old-space-size=(\d+)$/.exec(argument)?.[1]).find((value) => value !== undefined);
  const limitMb = heap === undefined ? 2048 : Number(heap);
  return { memoryMb: Math.max(128, Math.min(1024, Math.floor(limitMb / 2))), threads: Math.max(1, Math.min(8, availableParallelism())) };
}

/** What statements over stored tables may touch: the blobs and the unfinished files of the workspace that `tmp` lies in. */
export function workspaceFolders(tmp: string): string[] {
  const scratch = dirname(tmp);
  return [scratch, join(dirname(scratch), 'blobs')];
}
