import type { ErrorArea } from './area.ts';

export const monitorErrors = {} satisfies ErrorArea;
