import { mkdtemp, rm } from 'node:fs/promises';
import { cpus, tmpdir } from 'node:os';
import { join } from 'node:path';
import { TreeExplainer } from '../../src-main/trees/explain/TreeExplainer.ts';
import { median, type Benchmark } from './benchmark.ts';
import { startLightgbm, type ModelCase } from './trees/lightgbmPeer.ts';

const turns = 5;
const rowCount = 100;

const cases: ModelCase[] = [
  { name: 'numbers', objective: 'binary', categories: [], rounds: 200, leaves: 63 },
  { name: 'categories', objective: 'binary', categories: [5, 20, 60, 200, 5, 20, 60, 200], rounds: 200, leaves: 63 },
  { name: '31 leaves', objective: 'binary', categories: [], rounds: 200, leaves: 31 },
];

export const benchmark: Benchmark = {
  name: 'treeshap',
  about: 'exact Shapley values of 100 rows of boosted trees, on one thread, against LightGBM’s contributions on 1 and 2 threads',
  async run() {
    const folder = await mkdtemp(join(tmpdir(), 'modelkeep-bench-'));
    const peer = await startLightgbm(folder);
    try {
      const extra: Record<string, string> = {};
      const rates: { ours: number; one: number; two: number }[] = [];
      for (const each of cases) {
        const { ensemble, rows } = await peer.train(each);
        const explainer = new TreeExplainer(ensemble);
        const features = rows.subarray(0, rowCount * ensemble.featureCount);
        const times = { ours: [] as number[], one: [] as number[], two: [] as number[] };
        for (let turn = 0; turn <= turns; turn++) {
          const started = performance.now();
          explainer.explain(features, rowCount);
          const ours = (performance.now() - started) / 1000;
          const [one, two] = [await peer.explain(each.name, rowCount, 1), await peer.explain(each.name, rowCount, 2)];
          if (turn === 0) continue;
          times.ours.push(ours);
          times.one.push(one);
          times.two.push(two);
        }
        const rate = (seconds: number[]): number => rowCount / median(seconds);
        const figures = { ours: rate(times.ours), one: rate(times.one), two: rate(times.two) };
        rates.push(figures);
        const { ours, one, two } = figures;
        extra[each.name] =
          `ours ${ours.toFixed(0)} rows/s; LightGBM ${one.toFixed(0)} (ratio ${(ours / one).toFixed(1)}), ` +
          `on 2 threads ${two.toFixed(0)} (${(ours / two).toFixed(1)})`;
      }
      const [first] = rates as [(typeof rates)[0]];
      return {
        name: 'treeshap',
        ours: first.ours,
        peer: first.one,
        unit: 'rows/s',
        ratio: Math.min(...rates.flatMap(({ ours, one, two }) => [ours / one, ours / two])),
        higherIsBetter: true,
        peerVersion: `LightGBM ${peer.version}`,
        machine: `${cpus()[0]?.model ?? ''}, ${cpus().length} cores`,
        runs: turns,
        notes: `The ratio is the least of all. ${Object.entries(extra)
          .map(([name, figure]) => `${name}: ${figure}`)
          .join('. ')}`,
        extra,
      };
    } finally {
      peer.stop();
      await rm(folder, { recursive: true, force: true });
    }
  },
};
