import type { ErrorArea } from './area.ts';

export const serveErrors = {} satisfies ErrorArea;
