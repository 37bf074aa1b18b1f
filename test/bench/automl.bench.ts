import { spawn } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import os from 'node:os';
import { join } from 'node:path';
import type { DatasetName } from '../fixtures/fetch.ts';
import { preparePython } from '../fixtures/python.ts';
import { automlTables, cutTable, type AutomlTable } from './automl/tables.ts';
import { openOurAutoml, type Answered } from './automl/ours.ts';
import type { Benchmark } from './benchmark.ts';

const peers = {
  flaml: ['flaml[automl]==2.7.0', 'h2o==3.46.0.12', 'pandas<3'],
  h2o: ['flaml[automl]==2.7.0', 'h2o==3.46.0.12', 'pandas<3'],
  autogluon: ['autogluon.tabular[lightgbm,catboost,xgboost]==1.5.0'],
} as const;
type Peer = keyof typeof peers;
const systems = ['ours', ...(Object.keys(peers) as Peer[])] as const;

interface Row {
  table: string;
  budget: number;
  metric: string;
  /** By system; null where it gave nothing. */
  values: Record<string, number | null>;
  seconds: Record<string, number | null>;
}

export const benchmark: Benchmark = {
  name: 'automl',
  about:
    'mean rank on public tables against FLAML, AutoGluon and H2O, same split, two cores: --tables a,b --budgets 60,300 --systems flaml,h2o (defaults: all tables, 60, all)',
  async run(flags) {
    const listed = (name: string, otherwise: readonly string[]): string[] => {
      const at = flags.indexOf(`--${name}`);
      return at < 0 ? [...otherwise] : flags[at + 1]!.split(',');
    };
    const chosen = systems.filter((each) => each === 'ours' || listed('systems', systems).includes(each));
    const folder = await mkdtemp(join(os.tmpdir(), 'modelkeep-automl-'));
    await using ours = await openOurAutoml();
    const versions = new Map<string, string>();
    const rows: Row[] = [];
    for (const budget of listed('budgets', ['60']).map(Number))
      for (const name of listed('tables', automlTables)) {
        const table = await cutTable(name as DatasetName, folder, 1);
        const row: Row = { table: name, budget, metric: metricOf(table), values: {}, seconds: {} };
        for (const system of chosen) {
          const answered = await (system === 'ours' ? ours.answer(table, budget) : askPeer(system, table, budget, rows.length)).catch(
            (error: unknown) => {
              console.error(name, system, error);
              return null;
            },
          );
          row.values[system] = answered ? measure(table, answered) : null;
          row.seconds[system] = answered ? Number(answered.seconds.toFixed(1)) : null;
          if (answered) versions.set(system, answered.version);
        }
        rows.push(row);
        console.error(JSON.stringify(row));
      }
    await rm(folder, { recursive: true, force: true });
    const meanRank = (system: string): number => rows.reduce((sum, row) => sum + rankIn(row, system), 0) / rows.length;
    const ranks = Object.fromEntries(chosen.map((system) => [system, Number(meanRank(system).toFixed(3))]));
    const best = Math.min(...chosen.filter((each) => each !== 'ours').map((each) => ranks[each]!));
    return {
      name: 'automl',
      ours: ranks['ours']!,
      peer: best,
      unit: 'mean rank (1 is best)',
      ratio: best / ranks['ours']!,
      higherIsBetter: false,
      peerVersion: [...versions].map(([system, version]) => `${system} ${version}`).join(', '),
      machine: `${os.cpus()[0]?.model ?? '?'}, 2 cores`,
      runs: rows.length,
      notes: rows
        .map(
          ({ table, budget, metric, values }) =>
            `${table} ${budget} s ${metric}: ${Object.entries(values)
              .map(([system, value]) => `${system} ${value?.toPrecision(5) ?? 'failed'}`)
              .join(', ')}`,
        )
        .join('; '),
      extra: { ranks: JSON.stringify(ranks), rows: JSON.stringify(rows) },
    };
  },
};

function metricOf({ task }: AutomlTable): string {
  return { binary: 'auc', multiclass: 'logLoss', regression: 'rmse' }[task];
}

/** Smaller is better for all but auc. */
function measure(table: AutomlTable, { answers, classes }: Answered): number {
  if (table.task === 'regression') {
    const squares = table.truth.reduce((sum, truth, row) => sum + (Number(truth) - (answers[row] as number)) ** 2, 0);
    return Math.sqrt(squares / table.truth.length);
  }
  const p = answers as number[][];
  // A system may read 1 as 1.0.
  const codeOf = (truth: string): number => {
    const at = classes!.indexOf(truth);
    return at >= 0 ? at : classes!.findIndex((each) => Number(each) === Number(truth));
  };
  const codes = table.truth.map(codeOf);
  if (table.task === 'multiclass')
    return codes.reduce((sum, code, row) => sum - Math.log(Math.max(1e-15, code < 0 ? 0 : p[row]![code]!)), 0) / codes.length;
  const ordered = codes.map((code, row) => ({ code, score: p[row]![1]! })).sort((a, b) => a.score - b.score);
  let [rankSum, positives] = [0, 0];
  for (let start = 0; start < ordered.length;) {
    let end = start;
    while (end < ordered.length && ordered[end]!.score === ordered[start]!.score) end++;
    for (let at = start; at < end; at++)
      if (ordered[at]!.code === 1) {
        rankSum += (start + end + 1) / 2;
        positives++;
      }
    start = end;
  }
  return (rankSum - (positives * (positives + 1)) / 2) / (positives * (ordered.length - positives));
}

/** Mean of the places that equal values share; a system without an answer is last. */
function rankIn({ values, metric }: Row, system: string): number {
  const loss = (each: string): number => (values[each] == null ? Infinity : metric === 'auc' ? -values[each] : values[each]);
  const own = loss(system);
  const all = Object.keys(values).map(loss);
  return all.filter((each) => each < own).length + (all.filter((each) => each === own).length + 1) / 2;
}

async function askPeer(system: Peer, table: AutomlTable, budget: number, at: number): Promise<Answered> {
  const python = await preparePython(peers[system]);
  const { train, test, target, task, delimiter } = table;
  const order = { system, train, test, target, task, delimiter, budget, port: 54_400 + at * 4 };
  const child = spawn(python, [join(import.meta.dirname, 'automl/peer.py')], { stdio: ['pipe', 'pipe', 'inherit'] });
  child.stdin.end(JSON.stringify(order));
  let text = '';
  for await (const part of child.stdout) text += String(part);
  return JSON.parse(text) as Answered;
}
