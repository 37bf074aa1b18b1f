import { Worker } from 'node:worker_threads';
import type { TreeThreads } from '../../../../trees/index.ts';

/** `count` threads beside the caller's for a `TreePool`, which ends them; otherwise they end with this process. */
export function treeThreads(count: number): TreeThreads {
  return {
    count,
    start() {
      const here = import.meta.url;
      const thread = new Worker(new URL(here.endsWith('.ts') ? './treeThread.ts' : './treeThread.js', here));
      thread.unref();
      // One that cannot start never joins; one that fails later is missed by the team, which says so.
      thread.on('error', () => undefined);
      return { post: (invitation) => thread.postMessage(invitation) };
    },
  };
}
