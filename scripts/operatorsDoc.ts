// docs/operators.md: what the training compiler does with each operator, out of its tables.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { foldedOperators } from '../src-main/compiler/2-shapes/fold/foldNode.ts';
import { opsetRange, upgrades } from '../src-main/compiler/1-parse/upgrade/index.ts';
import { families, operatorKey } from '../src-main/compiler/gradients/index.ts';
import type { OperatorRule } from '../src-main/compiler/gradients/defineGradient.ts';
import { providerSupport, type MeasuredProvider } from '../src-main/compiler/gradients/providerSupport.ts';
import { withoutGradient } from '../src-main/compiler/gradients/withoutGradient.ts';

/** Written by `npm run peers -- onnx-node-tests`. */
export interface NodeTestCounts {
  /** Stored cases that gave the stored numbers, by operator, and the newest opsets of the suites they come from. */
  readonly [operator: string]: { readonly matched: number; readonly failed: number; readonly opsets: readonly number[] };
}

const nodeTestsFile = join(import.meta.dirname, '../test/peers/onnxNodeTests.json');

interface Row {
  operator: string;
  opsets: string;
  gradient: string;
  secondOrder: string;
  cpu: string;
  evaluated: boolean;
  finiteDifferences: boolean;
}

/** The tables as Markdown, one section a family, operators in alphabetical order. */
export function operatorsMarkdown(): string {
  const tests = JSON.parse(readFileSync(nodeTestsFile, 'utf8')) as NodeTestCounts;
  const sections = Object.entries(families).map(([family, rules]) => {
    const rows = Object.values(rules as unknown as Record<string, OperatorRule>).map(ruleRow);
    return rows.length === 0 ? '' : section(family[0]!.toUpperCase() + family.slice(1), rows, tests);
  });
  const blocked = Object.entries(withoutGradient).map(([key, reason]) => blockedRow(key, reason));
  const known = new Set([...sections.join('').matchAll(/^\| \[?([\w.]+)/gm)].map((match) => match[1]!));
  const others = foldedOperators.filter((name) => !known.has(name) && !blocked.some((row) => row.operator === name));
  return [
    '# Operators',
    '',
    'Generated from the compiler’s tables by `npm run docs`.',
    '',
    `- **Opsets**: versions of a model that are read; all become opset ${opsetRange.ours}. “older form before 13” means that models of an earlier opset write the operator differently and are rewritten (\`compiler/1-parse/upgrade\`).`,
    '- **Gradient**: _rule_ is a vector-Jacobian product of its own; _parts_ means that the operator is replaced by others that have rules.',
    '- **Second order**: whether the gradient can be differentiated again.',
    '- **CPU, WebGPU, CUDA**: _yes_ where ONNX Runtime runs the operator and its gradient there with equal results, _back to CPU_ where it gives the numbers but not on that device, – where it was not measured. _gradient only_ means that the runtime has no CPU kernel for the node itself.',
    '- **Evaluated**: computed when compiling, if its inputs are constants.',
    '- **Tested against**: _differences_ are central differences in a float64 interpreter, _ORT_ is ONNX Runtime on one and two threads, _ONNX n_ are stored cases of ONNX’s own operator tests (suites of opset 11, 12, 17, 21 and 23).',
    '',
    ...sections.filter((each) => each !== ''),
    section('Without gradient', blocked, tests),
    '## Evaluated or replaced when compiling only',
    '',
    'A model may use these where their inputs become constants once batch and sequence sizes are given:',
    '',
    `${others.map((each) => `\`${each}\``).join(', ')}.`,
    '',
    '`If` with a constant condition becomes its branch, otherwise both branches and a choice; `Loop` and `Scan` with a known number of iterations (at most 1,024) are unrolled. `Dropout` becomes a product with an input of random zeros and ones, `RandomNormalLike` and `RandomUniformLike` become inputs. Any other operator is refused by name.',
    '',
  ].join('\n');
}

function ruleRow(rule: OperatorRule): Row {
  const isRule = 'vjp' in rule;
  return {
    operator: operatorKey(rule.domain ?? '', rule.opType),
    opsets: rule.domain ? 'any' : opsetsOf(rule.opType, rule.sinceVersion),
    gradient: isRule ? 'rule' : 'parts',
    secondOrder: rule.secondOrder === false ? 'no' : 'yes',
    cpu: rule.runsOnCpu === false ? 'gradient only' : 'yes',
    evaluated: foldedOperators.includes(rule.opType) && !rule.domain,
    finiteDifferences: true,
  };
}

function blockedRow(key: string, reason: string): Row {
  const [operator, since] = key.split('@') as [string, string];
  return {
    operator,
    opsets: opsetsOf(operator, Number(since)),
    gradient: `none: ${reason}`,
    secondOrder: '–',
    cpu: 'yes',
    evaluated: foldedOperators.includes(operator),
    finiteDifferences: false,
  };
}

function opsetsOf(operator: string, sinceVersion: number): string {
  if (sinceVersion > opsetRange.ours) return `${sinceVersion}–${opsetRange.newest}`;
  const changes = Object.hasOwn(upgrades, operator) ? upgrades[operator]!.changes : [];
  const older = changes.map(({ since }) => since).join(', ');
  return `${opsetRange.oldest}–${opsetRange.newest}${older === '' ? '' : `; older form before ${older}`}`;
}

function section(title: string, rows: readonly Row[], tests: NodeTestCounts): string {
  const header = '| Operator | Opsets | Gradient | Second order | CPU | WebGPU | CUDA | Evaluated | Tested against |';
  const lines = rows
    .toSorted((a, b) => (a.operator < b.operator ? -1 : 1))
    .map((row) => {
      const cells = [
        row.operator,
        row.opsets,
        row.gradient,
        row.secondOrder,
        row.cpu,
        measured('webgpu', row.operator),
        measured('cuda', row.operator),
        row.evaluated ? 'yes' : '–',
        testedAgainst(row, tests[row.operator]),
      ];
      return `| ${cells.join(' | ')} |`;
    });
  return [`## ${title}`, '', header, `|${' --- |'.repeat(9)}`, ...lines, ''].join('\n');
}

function measured(provider: MeasuredProvider, operator: string): string {
  const support = providerSupport[provider][operator];
  return support === undefined ? '–' : { all: 'yes', cpu: 'back to CPU', none: 'no' }[support];
}

function testedAgainst(row: Row, counts: NodeTestCounts[string] | undefined): string {
  const parts = row.finiteDifferences ? ['differences', ...(row.cpu === 'yes' ? ['ORT'] : [])] : [];
  if (counts && counts.matched > 0) parts.push(`ONNX ${counts.matched}${counts.failed > 0 ? ` (${counts.failed} fail)` : ''}`);
  return parts.join(', ') || '–';
}
