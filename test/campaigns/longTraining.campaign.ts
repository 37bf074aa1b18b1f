// Long trainings: memory does not grow, a repeat gives the same bits, and so does one that is killed and goes on again and again.
import { spawn } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import os from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import type { Campaign } from './run.ts';
import type { TrainingKind } from './training/longTraining.ts';

const program = join(import.meta.dirname, 'training/longTraining.ts');
const kinds: readonly TrainingKind[] = ['graph', 'gradients', 'threads'];

interface Outcome {
  hash: string | undefined;
  memory: { step: number; rssMb: number }[];
  tookMs: number;
}

export const campaign: Campaign = {
  name: 'long-training',
  about: '10,000-step trainings, repeated, and killed and resumed: --steps 10000 --kills 8 --kind graph|gradients|threads (default all)',
  run: async ({ steps = '10000', kills = '8', kind }) => {
    const results = [];
    for (const each of kind ? [kind as TrainingKind] : kinds) results.push(await holds(each, Number(steps), Number(kills)));
    return { passed: results.every(({ passed }) => passed), results };
  },
};

async function holds(kind: TrainingKind, steps: number, kills: number) {
  const [first, again] = [await whole(kind, steps), await whole(kind, steps)];
  const broken = await killed(kind, steps, kills, first.tookMs);
  const growthMb = growth(first.memory);
  return {
    kind,
    steps,
    passed:
      first.hash !== undefined && first.hash === again.hash && first.hash === broken.hash && broken.kills > 0 && Math.abs(growthMb) < 10,
    repeatEqual: first.hash === again.hash,
    resumedEqual: first.hash === broken.hash,
    kills: broken.kills,
    /** By a straight line through the second half of the run, over the whole run. */
    growthMb: Number(growthMb.toFixed(2)),
    rssMb: Math.round(first.memory.at(-1)?.rssMb ?? 0),
    msPerStep: Number((first.tookMs / steps).toFixed(2)),
  };
}

async function whole(kind: TrainingKind, steps: number): Promise<Outcome> {
  const folder = mkdtempSync(join(os.tmpdir(), 'modelkeep-long-'));
  const outcome = await start(kind, steps, folder).ended;
  rmSync(folder, { recursive: true });
  return outcome;
}

/** The same training, ended by SIGKILL at moments spread over its time, until nothing is left to kill. */
async function killed(kind: TrainingKind, steps: number, kills: number, tookMs: number): Promise<Outcome & { kills: number }> {
  const folder = mkdtempSync(join(os.tmpdir(), 'modelkeep-long-'));
  let done = 0;
  for (;;) {
    const run = start(kind, steps, folder);
    // Long enough to get beyond the last checkpoint: start, half a second, and a part of the run.
    const timer = done < kills ? setTimeout(run.kill, 1500 + (tookMs / kills) * (0.5 + ((done * 0.618) % 1))) : undefined;
    const outcome = await run.ended;
    clearTimeout(timer);
    if (outcome.hash !== undefined) {
      rmSync(folder, { recursive: true });
      return { ...outcome, kills: done };
    }
    done++;
  }
}

function start(kind: TrainingKind, steps: number, folder: string): { ended: Promise<Outcome>; kill: () => void } {
  const startedAt = Date.now();
  const child = spawn(process.execPath, ['--expose-gc', program, kind, String(steps), folder], { stdio: ['ignore', 'pipe', 'inherit'] });
  const memory: Outcome['memory'] = [];
  let hash: string | undefined;
  createInterface(child.stdout).on('line', (line) => {
    const said = JSON.parse(line) as { step?: number; rssMb?: number; hash?: string };
    if (said.step !== undefined && said.rssMb !== undefined) memory.push({ step: said.step, rssMb: said.rssMb });
    hash = said.hash ?? hash;
  });
  const ended = new Promise<Outcome>((resolve, reject) => {
    child.on('error', reject);
    child.on('close', (code, signal) => {
      if (code !== 0 && signal !== 'SIGKILL') reject(new Error(`The training ended with ${code ?? signal}.`));
      else resolve({ hash, memory, tookMs: Date.now() - startedAt });
    });
  });
  return { ended, kill: () => child.kill('SIGKILL') };
}

/** Least squares slope of the second half, times all steps. */
function growth(memory: Outcome['memory']): number {
  const half = memory.slice(Math.floor(memory.length / 2));
  const mean = (values: number[]): number => values.reduce((sum, each) => sum + each, 0) / values.length;
  const [x, y] = [mean(half.map(({ step }) => step)), mean(half.map(({ rssMb }) => rssMb))];
  const spread = half.reduce((sum, { step }) => sum + (step - x) ** 2, 0);
  const slope = half.reduce((sum, { step, rssMb }) => sum + (step - x) * (rssMb - y), 0) / spread;
  return slope * (memory.at(-1)?.step ?? 0);
}
