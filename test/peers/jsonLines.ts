import { execFile } from 'node:child_process';

/** Runs a program with JSON lines on its standard input and reads JSON lines from its output. Rejects when it fails, with what it said. */
export async function jsonLines(
  program: string,
  args: readonly string[],
  lines: readonly unknown[],
  environment: Readonly<Record<string, string | undefined>> = {},
): Promise<unknown[]> {
  const output = await new Promise<string>((resolve, reject) => {
    // A judge keeps its findings to itself, as the product does.
    const env = { ...process.env, ORT_DISABLE_TELEMETRY: '1', ...environment };
    const child = execFile(program, args, { maxBuffer: 1 << 28, env }, (error, stdout, stderr) => {
      if (error) reject(new Error(`${program} failed: ${stderr.slice(-2000)}`, { cause: error }));
      else resolve(stdout);
    });
    // A program that fails early closes its input: what it said is the error, not the broken pipe.
    child.stdin?.on('error', () => undefined);
    child.stdin?.end(lines.map((line) => `${JSON.stringify(line)}\n`).join(''));
  });
  return output
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line) as unknown);
}
