import { Worker } from 'node:worker_threads';
import type { TrainingWorker } from '../../../compiler/index.ts';

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
  return {
    post: (message) => thread.postMessage(message),
    onMessage: (listener) => thread.on('message', listener),
    onEnd(listener) {
      if (ended === undefined) listeners.push(listener);
      else listener(ended);
    },
  };
}
