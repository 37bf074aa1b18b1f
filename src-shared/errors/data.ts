import type { ErrorArea } from './area.ts';

export const dataErrors = {} satisfies ErrorArea;
