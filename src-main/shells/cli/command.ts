// What a command is. One file per group in commands/; the table in commands/index.ts makes them available and documents them.
import type { ParseArgsOptionsConfig } from 'node:util';
import type { Job } from '../../../src-shared/domain/job.ts';
import type { Call } from '../../../src-shared/rpc/client.ts';
import type { Out } from './render.ts';

export interface Command<R = unknown> {
  /** As it is typed: `['data', 'import']`. */
  words: readonly string[];
  /** What follows the words, e.g. `FILE… --name NAME [--sheet NAME]`. */
  usage: string;
  /** One sentence for the overview. */
  summary: string;
  options?: ParseArgsOptionsConfig;
  /** How many words without a dash follow; default none. */
  positionals?: { min: number; max: number };
  /** Returns the one JSON document of `--json`. Failures are thrown. */
  run(context: Context): Promise<R>;
  /** The same for people. Default: the fields one below the other. */
  print?(result: R, out: Out): void;
  /** It has written its document itself, because it goes on after that. */
  silent?: boolean;
  /** The exit status of a result; default 0. */
  status?(result: R): number;
}

export interface Context {
  words: readonly string[];
  options: Options;
  workspaceFolder: string;
  json: boolean;
  /** Calls the core: the one that is running on this workspace, or one in this process. Opened with the first call. */
  call: Call;
  /** Waits for a job, showing its progress; throws its error. */
  finish(jobId: string): Promise<Job>;
  /** Says something on standard error that is no part of the result. */
  note(text: string): void;
  /** True when the core lives in this process and ends with it. */
  ownCore(): boolean;
}

/** The options of one call. Errors: UsageError. */
export interface Options {
  text(name: string): string | undefined;
  /** An option that must be there. */
  required(name: string): string;
  list(name: string): string[] | undefined;
  flag(name: string): boolean;
  integer(name: string): number | undefined;
  /** `90`, `90s`, `2m`, `1h`, `500ms` → milliseconds. */
  durationMs(name: string): number | undefined;
  oneOf<T extends string>(name: string, allowed: readonly T[]): T | undefined;
}

/** The call makes no sense: exit status 2, and the usage is shown. */
export class UsageError extends Error {
  override readonly name = 'UsageError';
}

/** Types `print` and `status` by what `run` returns. */
export function defineCommand<R>(command: Command<R>): Command {
  return command as unknown as Command;
}
