// Samples that the product bundles, regenerated from their pinned packages:
//   node scripts/node24.mjs scripts/samples/make.ts [--check] [ID…]
// --check writes nothing and fails when a committed file differs from what the packages give.
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { makeChurn } from './churn.ts';
import { makeFashion } from './fashion.ts';
import { makeOrders } from './orders.ts';
import { makePoems } from './poems.ts';
import { listFiles, sampleFiles, samplesFolder, writeSample } from './sampleFolder.ts';

const makers = { churn: makeChurn, orders: makeOrders, poems: makePoems, fashion: makeFashion };

const words = process.argv.slice(2);
const check = words.includes('--check');
const ids = words.filter((word) => word !== '--check');
const unknown = ids.filter((id) => !(id in makers));
if (unknown.length > 0) {
  console.error(`No sample ${unknown.join(', ')}; there are ${Object.keys(makers).join(', ')}.`);
  process.exit(2);
}
for (const [id, make] of Object.entries(makers)) {
  if (ids.length > 0 && !ids.includes(id)) continue;
  const content = await make();
  if (check) await compare(id, sampleFiles(content));
  else await writeSample(content);
  console.log(
    `${id}: ${content.about.rows} rows, ${[...sampleFiles(content).values()].reduce((sum, bytes) => sum + bytes.length, 0)} bytes`,
  );
}

async function compare(id: string, wanted: Map<string, Buffer>): Promise<void> {
  const folder = join(samplesFolder, id);
  const found = await listFiles(folder);
  const differing = [...wanted.keys()].filter((path) => !found.includes(path)).concat(found.filter((path) => !wanted.has(path)));
  for (const path of found) {
    const bytes = wanted.get(path);
    if (bytes && !bytes.equals(await readFile(join(folder, path)))) differing.push(path);
  }
  if (differing.length === 0) return;
  console.error(`${id}: ${differing.length} files differ, e.g. ${differing.slice(0, 3).join(', ')}`);
  process.exitCode = 1;
}
