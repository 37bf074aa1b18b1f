import { UsageError, type Options } from './command.ts';

type Values = Record<string, string | boolean | (string | boolean)[] | undefined>;

export function readOptions(values: Values): Options {
  const text = (name: string): string | undefined => {
    const value = values[name];
    return typeof value === 'string' ? value : undefined;
  };
  return {
    text,
    required: (name) => {
      const value = text(name);
      if (value === undefined || value === '') throw new UsageError(`--${name} is missing`);
      return value;
    },
    list: (name) => {
      const value = values[name];
      return Array.isArray(value) ? value.map(String) : undefined;
    },
    flag: (name) => values[name] === true,
    integer: (name) => {
      const value = text(name);
      return value === undefined ? undefined : integer(value, `--${name}`);
    },
    durationMs: (name) => {
      const value = text(name);
      return value === undefined ? undefined : durationMs(value, `--${name}`);
    },
    oneOf: (name, allowed) => {
      const value = text(name);
      if (value === undefined) return undefined;
      const found = allowed.find((choice) => choice === value);
      if (!found) throw new UsageError(`--${name} is one of ${allowed.join(', ')}, not “${value}”`);
      return found;
    },
  };
}

export function integer(value: string, what: string): number {
  if (!/^-?\d{1,15}$/.test(value)) throw new UsageError(`${what} is a whole number, not “${value}”`);
  return Number(value);
}

const unitMs = { ms: 1, s: 1000, m: 60_000, h: 3_600_000 };

export function durationMs(value: string, what: string): number {
  const match = /^(\d+(?:\.\d+)?)(ms|s|m|h)?$/.exec(value);
  if (!match) throw new UsageError(`${what} is a time such as 90s, 2m or 1h, not “${value}”`);
  return Math.round(Number(match[1]) * unitMs[(match[2] ?? 's') as keyof typeof unitMs]);
}

/** `churn` or `churn@3` → name and version. */
export function datasetRef(word: string): { name: string; version?: number } {
  const match = /^([^@]+)(?:@(\d+))?$/.exec(word);
  if (!match) throw new UsageError(`“${word}” is no dataset; write NAME or NAME@VERSION`);
  return match[2] === undefined ? { name: match[1]! } : { name: match[1]!, version: Number(match[2]) };
}

/** `churn`, `churn:3` or `churn@champion` → name with version or alias. */
export function modelRef(word: string): { name: string; version?: number; alias?: string } {
  const match = /^([^:@]+)(?::(\d+)|@([a-z][a-z0-9_-]*))?$/.exec(word);
  if (!match) throw new UsageError(`“${word}” is no model; write NAME, NAME:VERSION or NAME@ALIAS`);
  const [, name, version, alias] = match;
  return { name: name!, ...(version === undefined ? {} : { version: Number(version) }), ...(alias === undefined ? {} : { alias }) };
}
