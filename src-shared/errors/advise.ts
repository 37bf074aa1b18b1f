import type { ErrorArea } from './area.ts';

export const adviseErrors = {} satisfies ErrorArea;
