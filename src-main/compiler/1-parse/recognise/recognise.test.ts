import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { compileGradients, forwardOf, importModel, printGraph, type Graph } from '../../index.ts';
import { parseGraphText } from '../../tests/parseGraphText.ts';
import { interpret, tensor } from '../../tests/referenceInterpreter.ts';
import { recognise } from './recognise.ts';

const constants = `  half = float32[] {0.5}
  one = float32[] {1}
  two = float32[] {2}
  three = float32[] {3}
  root = float32[] {1.4142135}
  invRoot = float32[] {0.70710677}
  c = float32[] {0.044715}
  width = float32[] {0.7978846}
  width7 = float32[] {0.7978845608}
  eps = float32[] {0.00001}
  last = int64[1] {-1}
  second = int64[1] {2}
  first = int64[1] {1}
  gamma = float32[3] {1, 2, -0.5}
  beta = float32[3] {0.1, 0.2, 0.3}
`;

const composed: Record<string, readonly [text: string, nodes: readonly string[]]> = {
  'GELU as PyTorch exports it': [
    `  u = Div(x, root)
  e = Erf(u)
  s = Add(e, one)
  p = Mul(x, s)
  y = Mul(p, half)`,
    ['y = Gelu(x)'],
  ],
  'GELU with half of x first, and the sum on the left': [
    `  u = Mul(invRoot, x)
  e = Erf(u)
  s = Add(one, e)
  h = Mul(half, x)
  y = Mul(s, h)`,
    ['y = Gelu(x)'],
  ],
  'GELU with half of the sum': [
    `  u = Mul(x, invRoot)
  e = Erf(u)
  s = Add(e, one)
  h = Mul(s, half)
  y = Mul(x, h)`,
    ['y = Gelu(x)'],
  ],
  'GELU divided by two': [
    `  u = Div(x, root)
  e = Erf(u)
  s = Add(e, one)
  p = Mul(s, x)
  y = Div(p, two)`,
    ['y = Gelu(x)'],
  ],
  'the approximation with a power': [
    `  cube = Pow(x, three)
  small = Mul(cube, c)
  inner = Add(x, small)
  v = Mul(inner, width)
  t = Tanh(v)
  s = Add(t, one)
  h = Mul(x, half)
  y = Mul(h, s)`,
    ['y = Gelu <approximate="tanh">(x)'],
  ],
  'the approximation with products, factored': [
    `  a = Mul(x, width7)
  b = Mul(x, c)
  b2 = Mul(b, x)
  inner = Add(one, b2)
  v = Mul(a, inner)
  t = Tanh(v)
  s = Add(one, t)
  h = Mul(half, x)
  y = Mul(h, s)`,
    ['y = Gelu <approximate="tanh">(x)'],
  ],
  'layer normalisation as PyTorch exports it': [
    `  m = ReduceMean(x, last)
  d = Sub(x, m)
  q = Pow(d, two)
  v = ReduceMean(q, last)
  w = Add(v, eps)
  r = Sqrt(w)
  n = Div(d, r)
  g = Mul(n, gamma)
  y = Add(g, beta)`,
    ['y = LayerNormalization <axis=-1, epsilon=0.00001f>(x, gamma, beta)'],
  ],
  'layer normalisation with two differences, a product, a reciprocal and no bias': [
    `  m = ReduceMean(x, second)
  d = Sub(x, m)
  d2 = Sub(x, m)
  q = Mul(d2, d2)
  v = ReduceMean(q, second)
  w = Add(eps, v)
  r = Sqrt(w)
  i = Reciprocal(r)
  n = Mul(d, i)
  y = Mul(gamma, n)`,
    ['y = LayerNormalization <axis=-1, epsilon=0.00001f>(x, gamma)'],
  ],
};

/** One of them with a difference that makes it something else. */
function changed(name: string, from: string, to: string): string {
  const [body] = composed[name]!;
  if (!body.includes(from)) throw new Error(`“${name}” has no ${from}`);
  return body.replace(from, to);
}

const [erf, power, normalised] = [
  'GELU as PyTorch exports it',
  'the approximation with a power',
  'layer normalisation as PyTorch exports it',
];
const others: Record<string, string> = {
  'another factor': changed(erf!, 'Mul(p, half)', 'Mul(p, two)'),
  'another argument': changed(erf!, 'Div(x, root)', 'Mul(x, half)'),
  'another value in front': `  z = Neg(x)\n${changed(erf!, 'Mul(x, s)', 'Mul(z, s)')}`,
  'a square for a cube': changed(power!, 'Pow(x, three)', 'Pow(x, two)'),
  'a mean over another axis': changed(normalised!, 'ReduceMean(x, last)', 'ReduceMean(x, first)'),
  'a power of three': changed(normalised!, 'Pow(d, two)', 'Pow(d, three)'),
  'no scale': changed(normalised!, '  n = Div(d, r)\n  g = Mul(n, gamma)\n  y = Add(g, beta)', '  y = Div(d, r)'),
};

const parsed = (body: string): Graph => parseGraphText(`case (float32[2,4,3] x) => (float32[2,4,3] y) {\n${constants}${body}\n}\n`);
const recognised = (graph: Graph): Graph => recognise(graph, () => [2, 4, 3]);
const nodesOf = (graph: Graph): string[] =>
  printGraph({ ...graph, initializers: new Map() })
    .split('\n')
    .slice(1, -2)
    .map((line) => line.trim());

describe('what exporters write as several nodes', () => {
  const x = tensor(
    [2, 4, 3],
    Array.from({ length: 24 }, (_, at) => 3 * Math.sin(at)),
  );

  it.each(Object.entries(composed))('%s becomes one, with the same values', (_, [body, expected]) => {
    const before = parsed(body);
    const after = recognised(before);
    expect(nodesOf(after)).toEqual(expected);
    const [want, got] = [interpret(before, { x })['y']!.data, interpret(after, { x })['y']!.data];
    Array.from(want).forEach((each, at) => expect(Math.abs(got[at]! - each)).toBeLessThan(1e-6));
  });

  it.each(Object.entries(others))('%s stays', (_, body) => {
    const graph = parsed(body);
    expect(nodesOf(recognised(graph))).toEqual(nodesOf(graph));
  });

  it('inner values that something else reads stay beside it', () => {
    const graph = parsed('  u = Div(x, root)\n  e = Erf(u)\n  s = Add(e, one)\n  p = Mul(x, s)\n  y0 = Mul(p, half)\n  y = Add(y0, e)');
    expect(nodesOf(recognised(graph))).toEqual(['u = Div(x, root)', 'e = Erf(u)', 'y0 = Gelu(x)', 'y = Add(y0, e)']);
  });
});

it('an encoder that PyTorch exported for opset 11 gets its operators back, and trains with their fast forms', () => {
  const bytes = readFileSync(fileURLToPath(new URL('../../../../test/fixtures/onnx/encoder-opset11.onnx', import.meta.url)));
  const model = importModel(bytes, { bindings: { tokens: 6 } });
  const counts = (operator: string): number => model.graph.nodes.filter(({ opType }) => opType === operator).length;
  expect([counts('LayerNormalization'), counts('Gelu'), counts('ReduceMean'), counts('Erf'), counts('Sqrt')]).toEqual([3, 1, 0, 0, 0]);
  const { graph, parameters, bindings } = forwardOf(model);
  const { stepGraph } = compileGradients({ forward: graph, parameters, bindings, loss: { kind: 'softmaxCrossEntropy' }, batchSize: 2 });
  expect(parameters.filter((each) => each.includes('norm'))).toHaveLength(6);
  // Scores are divided by √d inside their product, forward and backward.
  const scaled = stepGraph.nodes.filter(({ opType, attributes }) => opType === 'FusedMatMul' && 'alpha' in attributes);
  expect(scaled.length).toBeGreaterThanOrEqual(3);
  // Once for both passes.
  expect(stepGraph.nodes.filter(({ opType }) => opType === 'Erf')).toHaveLength(1);
});
