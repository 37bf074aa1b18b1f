import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { cpus, tmpdir } from 'node:os';
import { join } from 'node:path';
import { factsOf, type LearnerTarget } from '../../src-main/stages/4-train/learners/learner.ts';
import { mlpLearner } from '../../src-main/stages/4-train/learners/mlp/mlpLearner.ts';
import { networkLearner } from '../../src-main/stages/4-train/learners/network/networkLearner.ts';
import { objectiveLoss } from '../../src-main/stages/4-train/learners/objectiveLoss.ts';
import { testControl } from '../../src-main/stages/4-train/learners/learnerTestData.ts';
import { preparePython } from '../fixtures/python.ts';
import { jsonLines } from '../peers/jsonLines.ts';
import type { Benchmark } from './benchmark.ts';
import { readTabular, tabularSources, type TabularTable } from './tabular/tables.ts';

const requirements = ['torch==2.12.1', 'pytabkit==1.7.3', 'tabm==0.0.3', 'rtdl-num-embeddings==0.0.12'];
const budgetMs = 60_000;

interface Judged {
  /** Cross entropy in nats, or squared error, on rows that nobody saw. */
  loss: number;
  /** Share of wrong classes, or root of the squared error. */
  error: number;
  seconds: number;
  cpu: number;
}

export const benchmark: Benchmark = {
  name: 'tabular-net',
  about: 'nets for tables (RealMLP, TabM) and our plain perceptron against pytabkit on the same splits: test loss and seconds of training',
  async run(flags) {
    const flag = (name: string): string | undefined => flags.find((each) => each.startsWith(`--${name}=`))?.slice(name.length + 3);
    const only = flag('only');
    const models = (flag('peers') ?? 'RealMLP-TD-S,RealMLP-TD').split(',').filter((each) => each !== 'none');
    const seeds = Array.from({ length: Number(flag('seeds') ?? 1) }, (_, at) => at + 1);
    const extra: Record<string, string> = {};
    const ratios: number[] = [];
    let [seconds, version] = [{ ours: 0, peer: 0 }, 'none'];
    for (const source of tabularSources.filter(({ dataset }) => !only || only.split(',').includes(dataset))) {
      const table = await readTabular(source);
      const ours = new Map<string, Judged>();
      const portfolio = networkLearner.portfolio(factsOf(table.data, { budgetMs, threads: 2 }));
      for (const settings of portfolio)
        ours.set(
          `${settings.family}, ${settings.epochs} epochs`,
          await meanOf(seeds, (seed) => judge(table, networkLearner, settings, seed)),
        );
      ours.set(
        'mlp',
        await meanOf(seeds, (seed) =>
          judge(table, mlpLearner, mlpLearner.portfolio(factsOf(table.data, { budgetMs, threads: 2 }))[0]!, seed),
        ),
      );
      const peers = await judgePeers(table, models, seeds, portfolio[0]!.epochs);
      version = peers.version;
      extra[table.name] = [...ours, ...peers.judged].map(([name, judged]) => words(name, judged)).join('; ');
      process.stderr.write(`${table.name}: ${extra[table.name]}\n`);
      const [first] = [...ours.values()];
      const reference = peers.judged.get(models[0] ?? '');
      if (!first || !reference) continue;
      ratios.push(reference.loss / first.loss);
      seconds = { ours: seconds.ours + first.cpu, peer: seconds.peer + reference.cpu };
    }
    return {
      name: 'tabular-net',
      ...seconds,
      unit: 's',
      ratio: Math.exp(ratios.reduce((sum, each) => sum + Math.log(each), 0) / ratios.length),
      higherIsBetter: false,
      peerVersion: version,
      machine: `${cpus()[0]?.model ?? ''}, ${cpus().length} cores`,
      runs: seeds.length,
      notes: `Ratio: geometric mean over tables of the test loss of ${models[0]} over that of our first network, at equal epochs; seconds: processor time of these fits together, one thread each.`,
      extra,
    };
  },
};

type AnyLearner = typeof networkLearner | typeof mlpLearner;

async function judge(table: TabularTable, learner: AnyLearner, settings: Parameters<AnyLearner['fit']>[1], seed: number): Promise<Judged> {
  const [started, before] = [performance.now(), process.cpuUsage()];
  const fitted = await (learner as typeof networkLearner).fit(table.data, settings as never, testControl({ seed }));
  const seconds = (performance.now() - started) / 1000;
  const used = process.cpuUsage(before);
  const outputs = await fitted.predict(table.test.features);
  await fitted.release();
  const loss = objectiveLoss(outputs, table.test.target, table.task);
  return { loss, error: errorOf(outputs, table.test.target, loss), seconds, cpu: (used.user + used.system) / 1e6 };
}

function errorOf(outputs: Float32Array, target: LearnerTarget, loss: number): number {
  if (target.kind !== 'class') return Math.sqrt(loss);
  const { codes, classes } = target;
  const wrong = codes.filter((code, row) => {
    const logits = outputs.subarray(row * classes, (row + 1) * classes);
    return logits.indexOf(Math.max(...logits)) !== code;
  });
  return wrong.length / codes.length;
}

async function judgePeers(
  { data, raw }: TabularTable,
  models: readonly string[],
  seeds: readonly number[],
  epochs: number,
): Promise<{ judged: Map<string, Judged>; version: string }> {
  if (models.length === 0) return { judged: new Map(), version: 'none' };
  const python = await preparePython(requirements);
  const folder = await mkdtemp(join(tmpdir(), 'modelkeep-bench-'));
  try {
    const file = join(folder, 'table.json');
    const regression = data.task.kind === 'number';
    await writeFile(file, JSON.stringify({ ...raw, answers: raw.answers.map((each) => (Number.isNaN(each) ? 0 : each)), regression }));
    const orders = models.flatMap((model) =>
      seeds.map((seed) => ({
        file,
        model,
        seed,
        settings:
          model === 'TabM'
            ? { val_metric_name: regression ? 'rmse' : 'cross_entropy' }
            : { n_epochs: epochs, ...(regression ? {} : { use_ls: false, val_metric_name: 'cross_entropy' }) },
      })),
    );
    const [greeting, ...answers] = (await jsonLines(python, [join(import.meta.dirname, 'tabular/peer.py')], orders)) as [
      { pytabkit: string; torch: string },
      ...Judged[],
    ];
    const judged = models.map((model): [string, Judged] => [model, mean(answers.filter((_, at) => orders[at]!.model === model))]);
    return { judged: new Map(judged), version: `pytabkit ${greeting.pytabkit}, PyTorch ${greeting.torch}` };
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

async function meanOf(seeds: readonly number[], judgeOne: (seed: number) => Promise<Judged>): Promise<Judged> {
  const all: Judged[] = [];
  for (const seed of seeds) all.push(await judgeOne(seed));
  return mean(all);
}

function mean(all: readonly Judged[]): Judged {
  const of = (name: keyof Judged): number => all.reduce((sum, each) => sum + each[name], 0) / all.length;
  return { loss: of('loss'), error: of('error'), seconds: of('seconds'), cpu: of('cpu') };
}

function words(name: string, { loss, error, seconds, cpu }: Judged): string {
  return `${name}: loss ${loss.toPrecision(4)}, error ${error.toPrecision(4)}, ${seconds.toFixed(1)} s (processor ${cpu.toFixed(1)} s)`;
}
