import { treeThreads } from '../../worker/threads/startTreeThread.ts';
import type { TreeThreads } from '../../../../trees/index.ts';

/** Below so many cells a second thread is up only when the trees have long been grown. */
const leastCells = 200_000;

/** Threads beside this one that are worth starting. */
export function usefulThreads(threads: number, cells: number): TreeThreads | undefined {
  return threads > 1 && cells >= leastCells ? treeThreads(threads - 1) : undefined;
}
