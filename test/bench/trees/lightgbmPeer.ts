import { spawn } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import type { TreeEnsemble } from '../../../src-main/trees/ensemble.ts';
import { readLightgbm } from '../../../src-main/trees/import/lightgbm.ts';
import { preparePython } from '../../fixtures/python.ts';
import { treeRequirements } from '../../peers/treePython.ts';

export interface ModelCase {
  readonly name: string;
  readonly objective: 'binary' | 'multiclass';
  /** How many categories each of the first features has; the others are numbers. */
  readonly categories: readonly number[];
  readonly rounds: number;
  readonly leaves: number;
  readonly classes?: number;
}

export interface TrainedCase {
  readonly ensemble: TreeEnsemble;
  /** float32 [10000, 28] */
  readonly rows: Float32Array;
  /** What LightGBM says of them. */
  readonly scores: Float64Array;
}

/** A LightGBM that stays: its times are its own, without Python's start. */
export interface LightgbmPeer {
  readonly version: string;
  train(model: ModelCase): Promise<TrainedCase>;
  /** Seconds for 10,000 rows. */
  predict(name: string, threads: number): Promise<number>;
  /** Seconds a row. */
  predictRow(name: string, rows: number): Promise<{ c: number; python: number }>;
  /** Seconds for the contributions of so many rows. */
  explain(name: string, rows: number, threads: number): Promise<number>;
  stop(): void;
}

export async function startLightgbm(folder: string): Promise<LightgbmPeer> {
  const python = await preparePython(treeRequirements);
  const child = spawn(python, [join(import.meta.dirname, 'lightgbmPeer.py')], { stdio: ['pipe', 'pipe', 'pipe'] });
  let errors = '';
  child.stderr.on('data', (chunk: Buffer) => (errors = (errors + chunk.toString()).slice(-2000)));
  const answers = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
  const ask = async (line: string): Promise<unknown> => {
    child.stdin.write(`${line}\n`);
    const { value, done } = await answers.next();
    if (done) throw new Error(`The LightGBM process ended. ${errors}`);
    return JSON.parse(value) as unknown;
  };
  const version = (await ask(folder)) as string;
  return {
    version,
    async train(model) {
      await ask(JSON.stringify({ do: 'model', ...model }));
      const [text, rows, scores] = await Promise.all([
        readFile(join(folder, `${model.name}.txt`), 'utf8'),
        readFile(join(folder, `${model.name}.rows`)),
        readFile(join(folder, `${model.name}.scores`)),
      ]);
      return {
        ensemble: readLightgbm(text).ensemble,
        rows: new Float32Array(Uint8Array.from(rows).buffer),
        scores: new Float64Array(Uint8Array.from(scores).buffer),
      };
    },
    predict: async (name, threads) => (await ask(JSON.stringify({ do: 'predict', name, threads }))) as number,
    predictRow: async (name, rows) => (await ask(JSON.stringify({ do: 'row', name, rows }))) as { c: number; python: number },
    explain: async (name, rows, threads) => (await ask(JSON.stringify({ do: 'explain', name, rows, threads }))) as number,
    stop: () => child.stdin.end(),
  };
}
