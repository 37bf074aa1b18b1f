import type { SharedMemory } from '../webAssembly.ts';
import { endTask, word, type Chunks } from './control.ts';
import { controlOf, looksBeforeSleep } from './controlMemory.ts';

/** A helper's life: it works through chunks whenever the leader runs a task, and returns when the team ends. Blocks its thread. */
export function serveTeam({ buffer }: SharedMemory, chunk: Chunks): void {
  const { words } = controlOf(buffer);
  let seen = Atomics.load(words, word.run);
  // A team that has ended before this helper came up.
  if (seen !== 0 && words[word.task] === endTask) return;
  const thread = Atomics.add(words, word.ready, 1) + 1;
  for (;;) {
    seen = nextRun(words, seen);
    const task = words[word.task]!;
    if (task === endTask) return;
    // Threads that came up after the run began are not counted on.
    if (thread >= (seen & 63)) continue;
    const chunks = words[word.chunks]!;
    try {
      for (let next: number; (next = Atomics.add(words, word.nextChunk, 1)) < chunks;) chunk(task, thread, next);
    } catch {
      Atomics.store(words, word.failed, thread);
    }
    Atomics.add(words, word.done, 1);
    if (Atomics.load(words, word.leaderAsleep)) Atomics.notify(words, word.done);
  }
}

function nextRun(words: Int32Array, seen: number): number {
  let looks = 0;
  for (let run: number; ;) {
    if ((run = Atomics.load(words, word.run)) !== seen) return run;
    if (++looks <= looksBeforeSleep) continue;
    Atomics.add(words, word.helpersAsleep, 1);
    Atomics.wait(words, word.run, seen);
    Atomics.sub(words, word.helpersAsleep, 1);
    looks = 0;
  }
}
