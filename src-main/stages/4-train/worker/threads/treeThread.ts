// A thread that helps to grow trees: it is given the memory of a pool and works until the pool ends.
import { parentPort } from 'node:worker_threads';
import { serveTreeThread, type TeamInvitation } from '../../../../trees/index.ts';

const port = parentPort!;
port.once('message', (invitation: TeamInvitation) => {
  serveTreeThread(invitation);
  port.close();
});
