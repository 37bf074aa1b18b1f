import type { ErrorArea } from './area.ts';

export const featuresErrors = {} satisfies ErrorArea;
