import type { Engine } from '../engine.ts';

/** What every reader works with. */
export interface ReadContext {
  engine: Engine;
  /** Folder for intermediate files; the caller removes it. */
  tmp: string;
  signal: AbortSignal;
  /** 0 to 1 of the reading, with the key of what is being done. */
  progress(fraction: number | null, step: string): void;
}

/** A path as the engine takes it: `*`, `?` and `[` would be patterns. */
export function enginePath(file: string): string {
  return file.replace(/[*?[]/g, (character) => `[${character}]`);
}
