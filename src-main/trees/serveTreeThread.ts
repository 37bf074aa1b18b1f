import { serveTeam } from '../kernels/threads/serveTeam.ts';
import type { TeamInvitation } from '../kernels/threads/ThreadTeam.ts';
import { treeKernels } from '../kernels/treeKernels.ts';
import { runChunk } from './grow/tasks.ts';

/** What a helper thread does with the message it gets: grows trees until the pool ends. Blocks its thread. */
export function serveTreeThread({ memory }: TeamInvitation): void {
  serveTeam(memory, runChunk(treeKernels(memory), memory.buffer));
}
