import type { ErrorArea } from './area.ts';

export const trainErrors = {} satisfies ErrorArea;
