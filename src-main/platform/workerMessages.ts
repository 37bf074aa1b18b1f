// What travels between a parent and its child process, by structured clone: typed arrays and Buffers arrive as such.
import type { ErrorParams } from '../../src-shared/errors/catalogue.ts';
import type { JobNote } from './jobStore.ts';

export type ToWorker = { type: 'request'; id: number; op: string; params: unknown } | { type: 'cancel'; id: number } | { type: 'close' };

export type FromWorker =
  | { type: 'result'; id: number; result: unknown }
  | { type: 'error'; id: number; error: { code: string; params: ErrorParams } }
  | { type: 'progress'; id: number; fraction: number | null; note?: JobNote | undefined }
  | { type: 'event'; event: string; data: unknown }
  | { type: 'memory'; rssBytes: number };

/** Environment of a child: `report` makes it tell its memory, where the parent cannot look it up. */
export const memoryReportVariable = 'MODELKEEP_REPORT_MEMORY';
export const roleFlag = '--modelkeep-role=';
