import type { ErrorArea } from './area.ts';

export const registryErrors = {} satisfies ErrorArea;
