// A thread beside the train worker's own that computes the gradients of a part of every batch.
import { parentPort } from 'node:worker_threads';
import { serveGradients } from '../../../../compiler/index.ts';
import { ortRuntime } from './ortRuntime.ts';

const port = parentPort!;
serveGradients(
  { post: (message) => port.postMessage(message), onMessage: (listener) => port.on('message', listener), close: () => port.close() },
  ortRuntime,
);
