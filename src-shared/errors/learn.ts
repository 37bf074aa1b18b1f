import type { ErrorArea } from './area.ts';

export const learnErrors = {} satisfies ErrorArea;
