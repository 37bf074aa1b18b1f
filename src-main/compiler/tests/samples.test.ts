import { readdirSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { explainTraining, printGraph, type LossSettings, type OptimizerSettings } from '../index.ts';
import { parseGraphText } from './parseGraphText.ts';

// Each folder of samples/ is a case: input.txt has settings, an empty line and a forward graph; expected.txt has the
// graph after each phase. `vitest -u` rewrites it: read the difference.
const folder = fileURLToPath(new URL('samples/', import.meta.url));

describe.each(readdirSync(folder))('sample %s', (name) => {
  const [head, body] = readFileSync(`${folder}${name}/input.txt`, 'utf8').split('\n\n') as [string, string];
  const settings = Object.fromEntries(head.split('\n').map((line) => line.split(': ') as [string, string]));
  const forward = parseGraphText(body);
  const parameters = settings['parameters']!.split(', ');
  const loss = JSON.parse(settings['loss']!) as LossSettings;
  const optimizer = JSON.parse(settings['optimizer']!) as OptimizerSettings;
  const batchSize = Number(settings['batchSize']);

  it('reads its input as printGraph writes it', () => {
    expect(printGraph(forward)).toBe(`${body.trim()}\n`);
  });

  it('gives the expected graph after every phase', async () => {
    const phases = explainTraining({ forward, parameters, loss, optimizer, batchSize });
    await expect(
      phases.map(({ phase, graph, types }) => `# ${phase}\n${printGraph(graph, (value) => types?.get(value))}`).join('\n'),
    ).toMatchFileSnapshot(`${folder}${name}/expected.txt`);
  });
});

it('README.md follows the sample three-nodes through the phases as they are', () => {
  const readme = readFileSync(fileURLToPath(new URL('../README.md', import.meta.url)), 'utf8');
  for (const phase of readFileSync(`${folder}three-nodes/expected.txt`, 'utf8')
    .split(/^# .*\n/m)
    .slice(2))
    expect(readme).toContain(phase.trim());
});
