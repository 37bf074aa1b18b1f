import type { ErrorArea } from './area.ts';

export const labelErrors = {} satisfies ErrorArea;
