// modelkeep [--workspace DIR] COMMAND … [--json]: finds the command, runs it, prints one result. Exit status 0 done, 1 failed, 2 usage.
import { parseArgs } from 'node:util';
import { describeError, type ErrorParams, type Language } from '../../../src-shared/errors/catalogue.ts';
import packageJson from '../../../package.json' with { type: 'json' };
import { chooseWorkspace } from '../workspaceFolder.ts';
import { UsageError, type Command, type Context } from './command.ts';
import { commands } from './commands/index.ts';
import { readOptions } from './options.ts';
import { createOut } from './render.ts';
import { openSession, type Session } from './session.ts';
import { watchJob } from './watchJob.ts';

export interface Terminal {
  stdout(text: string): void;
  stderr(text: string): void;
  /** Progress may rewrite its line. */
  interactive: boolean;
  /** Aborts when the person wants to stop. */
  signal: AbortSignal;
  env: NodeJS.ProcessEnv;
}

const globalOptions = {
  json: { type: 'boolean' },
  workspace: { type: 'string' },
  help: { type: 'boolean', short: 'h' },
  version: { type: 'boolean' },
} as const;

export async function runCli(argv: readonly string[], terminal: Terminal): Promise<number> {
  const json = argv.includes('--json');
  try {
    if (argv.includes('--version')) return print(terminal, json, { version: packageJson.version }, packageJson.version);
    const command = findCommand(argv);
    if (!command || argv.includes('--help') || argv.includes('-h')) {
      const text = command ? commandUsage(command) : overview(words(argv)[0]);
      if (command || words(argv).length === 0 || argv.includes('--help')) return print(terminal, json, { usage: text }, text);
      throw new UsageError(`There is no command “${words(argv).join(' ')}”`);
    }
    return await runCommand(command, argv, json, terminal);
  } catch (error) {
    return report(error, json, terminal, findCommand(argv));
  }
}

async function runCommand(command: Command, argv: readonly string[], json: boolean, terminal: Terminal): Promise<number> {
  const { values, positionals } = parse(command, argv);
  const given = positionals.slice(command.words.length);
  const { min, max } = command.positionals ?? { min: 0, max: 0 };
  if (given.length < min) throw new UsageError('Something is missing');
  if (given.length > max) throw new UsageError(`“${given[max]}” is too much`);

  const workspaceFolder = chooseWorkspace(values.workspace === undefined ? [] : ['--workspace', String(values.workspace)], terminal.env);
  let opening: Promise<Session> | null = null;
  let session: Session | null = null;
  const open = async (): Promise<Session> => (session = await (opening ??= openSession(workspaceFolder)));
  const progress = progressLine(terminal);
  const context: Context = {
    words: given,
    options: readOptions(values),
    workspaceFolder,
    json,
    call: async (method, params) => (await open()).client.call(method, params),
    finish: async (jobId) => {
      try {
        return await watchJob((await open()).client, jobId, { show: progress.show, signal: terminal.signal });
      } finally {
        progress.end();
      }
    },
    note: (text) => terminal.stderr(`${text}\n`),
    ownCore: () => session?.own ?? false,
  };
  try {
    const result = await command.run(context);
    const out = createOut(terminal.stdout);
    if (command.silent) return 0;
    if (json) terminal.stdout(`${JSON.stringify(result)}\n`);
    else if (command.print) command.print(result, out);
    else if (Array.isArray(result)) out.table(result as Record<string, unknown>[]);
    else out.fields(result as object);
    return command.status?.(result) ?? 0;
  } finally {
    await (session as Session | null)?.close();
  }
}

function parse(
  command: Command,
  argv: readonly string[],
): { values: Record<string, string | boolean | (string | boolean)[] | undefined>; positionals: string[] } {
  try {
    return parseArgs({ args: [...argv], allowPositionals: true, options: { ...command.options, ...globalOptions } });
  } catch (error) {
    throw new UsageError((error as Error).message);
  }
}

/** The words without the global options, whose values are not commands. */
function words(argv: readonly string[]): string[] {
  return argv.filter((word, i) => !word.startsWith('-') && argv[i - 1] !== '--workspace');
}

/** The command with the most words that the call begins with. */
function findCommand(argv: readonly string[]): Command | undefined {
  const given = words(argv);
  return commands
    .filter((command) => command.words.every((word, i) => given[i] === word))
    .sort((a, b) => b.words.length - a.words.length)[0];
}

function commandUsage({ words: name, usage, summary }: Command): string {
  return `${summary}\n\nUsage: modelkeep [--workspace DIR] ${[...name, usage].join(' ').trim()} [--json]`;
}

/** All commands, or those of one group. */
function overview(group: string | undefined): string {
  const some = commands.filter(({ words: [first] }) => first === group);
  const shown = some.length > 0 ? some : commands;
  const lines = shown.map(({ words: name, usage }) => `  ${[...name, usage].join(' ').trim()}`);
  return [
    'Usage: modelkeep [--workspace DIR] COMMAND … [--json]',
    '',
    ...lines,
    '',
    '“modelkeep COMMAND --help” says more. The workspace is --workspace, else MODELKEEP_WORKSPACE, else ~/Modelkeep.',
  ].join('\n');
}

function print({ stdout }: Terminal, json: boolean, document: object, text: string): number {
  stdout(`${json ? JSON.stringify(document) : text}\n`);
  return 0;
}

/** A failure on standard error for people, as one JSON document for programs. */
function report(error: unknown, json: boolean, { stdout, stderr, env }: Terminal, command: Command | undefined): number {
  const usage = error instanceof UsageError;
  const failed = usage
    ? { code: 'MK_CLI_USAGE', params: { problem: error.message } }
    : isCoded(error)
      ? error
      : {
          code: 'MK_INTERNAL',
          params: { operation: command?.words.join(' ') ?? 'modelkeep', detail: error instanceof Error ? error.message : String(error) },
        };
  if (json) {
    stdout(`${JSON.stringify({ error: { code: failed.code, ...describeError(failed.code, failed.params), params: failed.params } })}\n`);
  } else {
    const { message, hint } = describeError(failed.code, failed.params, languageOf(env));
    stderr(`${message}\n${usage && command ? commandUsage(command) : hint}\n`);
  }
  return usage ? 2 : 1;
}

/** ModelkeepError and RpcError alike. */
function isCoded(error: unknown): error is { code: string; params: ErrorParams } {
  return error instanceof Error && 'params' in error && 'code' in error && typeof error.code === 'string';
}

function languageOf(env: NodeJS.ProcessEnv): Language {
  return (env.LC_ALL || env.LC_MESSAGES || env.LANG || '').startsWith('zh') ? 'zh' : 'en';
}

/** On a terminal one line that changes; elsewhere a line for each change. */
function progressLine({ stderr, interactive }: Terminal): { show(line: string): void; end(): void } {
  let open = false;
  return {
    show: (line) => {
      stderr(interactive ? `\r\u001b[K${line}` : `${line}\n`);
      open = interactive;
    },
    end: () => {
      if (open) stderr('\n');
      open = false;
    },
  };
}
