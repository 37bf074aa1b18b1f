import { Worker } from 'node:worker_threads';
import { dismiss, type TrainingWorker } from '../../../../compiler/index.ts';

const living = new Set<TrainingWorker>();

/** A thread for `GradientTrainer`, which ends it by a message; otherwise it ends with this process. */
export function startGradientThread(): TrainingWorker {
  const here = import.meta.url;
  return trainingWorker(new Worker(new URL(here.endsWith('.ts') ? './gradientThread.ts' : './gradientThread.js', here)));
}

/** A thread that serves gradients. It is never terminated: during a run of ONNX Runtime that aborts the whole process. */
export function trainingWorker(thread: Worker): TrainingWorker {
  const listeners: ((reason: string) => void)[] = [];
  let failure: string | undefined;
  let ended: string | undefined;
  thread.on('error', (error) => (failure = error.message));
  thread.on('exit', (code) => {
    ended = failure ?? `exit code ${code}`;
    for (const tell of listeners.splice(0)) tell(ended);
  });
  const worker: TrainingWorker = {
    post: (message) => thread.postMessage(message),
    onMessage: (listener) => thread.on('message', listener),
    onEnd(listener) {
      if (ended === undefined) listeners.push(listener);
      else listener(ended);
    },
  };
  living.add(worker);
  worker.onEnd(() => living.delete(worker));
  return worker;
}

/**
 * Ends all threads, each after the run it is in. For a process that is about to exit, whatever its trainers do: `process.exit` during
 * a run in a thread aborts instead (onnxruntime-node 1.30 throws in the thread that is being torn down), as `terminate` does.
 */
export async function endGradientThreads(): Promise<void> {
  await Promise.all(
    Array.from(living, (worker) => {
      dismiss(worker);
      return new Promise<string>((resolve) => worker.onEnd(resolve));
    }),
  );
}
