import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { importModel, type AdaptableModel } from '../1-parse/import/importModel.ts';
import { compileTraining, encodeModel, GraphBuilder, tensorOf, type Graph } from '../index.ts';
import { onnxRuntime, testRandom } from '../tests/runtimes.ts';
import { forwardOf, withWeights } from './forwardOf.ts';
import { listWeights } from './listWeights.ts';
import { addLora, mergeLora } from './lora.ts';
import { replaceHead } from './replaceHead.ts';

const rows = 4;
const random = testRandom(11);
const x = Float32Array.from({ length: rows * 6 }, () => random() * 2 - 1);

/** x [N, 6] → hidden layer [N, 5] (Gemm, weight stored [out, in]) → BatchNormalization → classes [N, 3] and their Softmax. */
function classifier(): AdaptableModel {
  const g = new GraphBuilder('classifier');
  const weights = (shape: readonly number[], low = -1): ReturnType<typeof tensorOf> =>
    tensorOf(
      'float32',
      shape,
      Array.from({ length: shape.reduce((product, dim) => product * dim, 1) }, () => low + random() * 2),
    );
  const data = g.input('x', 'float32', ['N', 6]);
  const hidden = g.op('Gemm', [data, g.initializer('body.weight', weights([5, 6])), g.initializer('body.bias', weights([5]))], {
    attributes: { transB: 1 },
  });
  const statistics = ['mean', 'var'].map((name) => g.initializer(`norm.${name}`, weights([5], 1)));
  const normed = g.op('BatchNormalization', [
    hidden,
    g.initializer('norm.weight', weights([5])),
    g.initializer('norm.bias', weights([5])),
    ...statistics,
  ]);
  const active = g.op('Relu', [g.op('Mul', [normed, g.initializer('half', tensorOf('float32', [1], [0.5]))])], {
    output: { name: 'active' },
  });
  const logits = g.op('Add', [g.op('MatMul', [active, g.initializer('head.old', weights([5, 3]))]), g.initializer('shift', weights([3]))]);
  g.output(g.op('Softmax', [logits], { output: { shape: ['N', 3] } }), 'classes');
  return importModel(encodeModel(g.build(), { producer: 'test' }));
}

describe('weights', () => {
  it('tells what was learned from what belongs to the formula', () => {
    const roles = Object.fromEntries(listWeights(classifier()).map(({ name, role }) => [name, role]));
    expect(roles).toEqual({
      'body.weight': 'weight',
      'body.bias': 'weight',
      'norm.mean': 'statistic',
      'norm.var': 'statistic',
      'norm.weight': 'weight',
      'norm.bias': 'weight',
      half: 'constant',
      'head.old': 'weight',
      shift: 'weight',
    });
  });

  it('sees through Transpose and knows a weight by the node that reads it', () => {
    const g = new GraphBuilder('transposed');
    const weight = g.initializer('onnx::MatMul_12', tensorOf('float32', [2, 3], [1, 2, 3, 4, 5, 6]));
    const turned = g.op('Transpose', [weight], { output: { shape: [3, 2] } });
    g.output(g.op('MatMul', [g.input('x', 'float32', ['N', 3]), turned], { output: { shape: ['N', 2] } }), 'y');
    const [found] = listWeights({ graph: g.build() });
    expect(found).toMatchObject({ role: 'weight', aliases: ['node_MatMul'], uses: [{ operator: 'MatMul', input: 1 }] });
    const model = importModel(encodeModel(g.build(), { producer: 'test' }));
    expect(forwardOf(model, { trainable: ['node_Mat*'] }).parameters).toEqual(['onnx::MatMul_12']);
  });
});

describe('what is trained', () => {
  it('takes every weight but the frozen ones, which stay constants', () => {
    const { graph, parameters, weights } = forwardOf(classifier(), { frozen: ['body.*'] });
    expect(parameters).toEqual(['norm.weight', 'norm.bias', 'head.old', 'shift']);
    expect(Object.keys(weights)).toEqual([...parameters]);
    expect([...graph.initializers.keys()]).toEqual(['body.weight', 'body.bias', 'norm.mean', 'norm.var', 'half']);
  });

  it('costs no gradient where it is frozen', () => {
    const compiled = compileTraining({
      ...settingsOf(forwardOf(classifier(), { trainable: ['head.old', 'shift'] })),
      loss: { kind: 'meanSquaredError' },
    });
    const operators = printNodes(compiled.graph);
    // One product forwards for each layer; backwards only the gradient of the last weight.
    expect(operators.filter((each) => each === 'Gemm' || each === 'MatMul' || each === 'FusedMatMul')).toHaveLength(4);
    expect(compiled.parameters.map((each) => each.name)).toEqual(['head.old', 'shift']);
  });

  it.each([
    ['a pattern that names nothing', { trainable: ['tail.*'] }, 'MK_COMPILER_PARAMETER_UNKNOWN'],
    ['a frozen pattern that names nothing', { frozen: ['tail.*'] }, 'MK_COMPILER_PARAMETER_UNKNOWN'],
    ['an empty choice', { trainable: ['head.old'], frozen: ['head.*'] }, 'MK_COMPILER_ADAPTATION_INVALID'],
  ])('refuses %s', (_what, choice, code) => {
    expect(() => forwardOf(classifier(), choice)).toThrow(expect.objectContaining({ code }));
  });

  it('refuses to train integers', () => {
    const g = new GraphBuilder('integers');
    const table = g.initializer('table', tensorOf('int64', [3], [0, 1, 2]));
    g.output(
      g.op('Cast', [g.op('Add', [g.input('x', 'int64', ['N', 3]), table])], { attributes: { to: 1 }, output: { dtype: 'float32' } }),
      'y',
    );
    const model = importModel(encodeModel(g.build(), { producer: 'test' }));
    expect(() => forwardOf(model, { trainable: ['table'] })).toThrow(
      expect.objectContaining({
        code: 'MK_COMPILER_PARAMETER_UNTRAINABLE',
        params: expect.objectContaining({ parameter: 'table' }) as unknown,
      }),
    );
  });

  it('moves the statistics of BatchNormalization when asked', () => {
    const { graph, state, weights } = forwardOf(classifier(), { statistics: 'update' });
    expect(state).toEqual({ 'norm.mean': 'norm.mean.next', 'norm.var': 'norm.var.next' });
    expect(graph.outputs.map((each) => each.name)).toEqual(['classes', 'norm.mean.next', 'norm.var.next']);
    expect(weights['norm.mean']).toHaveLength(5);
  });
});

describe('a new head', () => {
  it('stands where the last linear layer stood', async () => {
    const model = replaceHead(classifier(), { outputCount: 2, seed: 1 });
    expect(model.graph.outputs).toEqual([{ name: 'output', dtype: 'float32', shape: ['N', 2] }]);
    expect(model.added).toEqual(['head.weight', 'head.bias']);
    expect([...model.graph.initializers.keys()]).not.toContain('head.old');
    // By hand: the cut value times the new weight.
    const cut = await run({ ...model.graph, outputs: [{ name: 'active', dtype: 'float32', shape: ['N', 5] }] });
    const weight = model.graph.initializers.get('head.weight')!.data as Float32Array;
    const expected = Array.from({ length: rows * 2 }, (_, at) =>
      Array.from({ length: 5 }, (_each, k) => cut[Math.floor(at / 2) * 5 + k]! * weight[k * 2 + (at % 2)]!).reduce((a, b) => a + b),
    );
    (await run(model.graph)).forEach((each, at) => expect(each).toBeCloseTo(expected[at]!, 5));
  });

  it('is learned while the body stays', () => {
    const compiled = compileTraining({
      ...settingsOf(forwardOf(replaceHead(classifier(), { outputCount: 2, seed: 1 }), { trainable: ['head.*'] })),
      loss: { kind: 'softmaxCrossEntropy' },
    });
    expect(compiled.parameterShapes).toEqual({ 'head.weight': [5, 2], 'head.bias': [2] });
  });

  it('averages tokens by a mask, and pictures by their positions', () => {
    const folder = join(import.meta.dirname, '../../../test/fixtures/onnx');
    const encoder = importModel(readFileSync(join(folder, 'encoder-opset11.onnx')), { bindings: { tokens: 6 } });
    const tokens = listValues(encoder.graph, 'LayerNorm', 'norm2');
    const pooled = replaceHead(encoder, { at: tokens, pool: 'mean', mask: 'mask', outputCount: 4, seed: 1 });
    expect(pooled.graph.outputs[0]!.shape).toEqual(['batch', 4]);
    expect(replaceHead(encoder, { at: tokens, outputCount: 4, seed: 1 }).graph.outputs[0]!.shape).toEqual(['batch', 6, 4]);
    const pictures = importModel(readFileSync(join(folder, 'convolutions-opset18-dynamo.onnx')));
    const first = pictures.graph.nodes.find((each) => each.opType === 'Conv')!.outputs[0]!;
    const head = replaceHead(pictures, { at: first, outputCount: 2, seed: 1 });
    expect(head.graph.initializers.get('head.weight')!.shape).toEqual([4, 2]);
    expect(head.graph.nodes.filter((each) => each.opType === 'Conv')).toHaveLength(1);
  });

  it.each([
    ['a value that does not exist', { at: 'nothing' }, 'no value "nothing"'],
    ['an unknown mask', { pool: 'mean', mask: 'nothing', at: 'active' }, undefined],
  ] as const)('refuses %s', (_what, settings, message) => {
    const cut = (): unknown => replaceHead(classifier(), { outputCount: 2, seed: 1, ...settings });
    if (message) expect(cut).toThrow(message);
    // A matrix has nothing to average, so the mask is not asked for.
    else expect(cut).not.toThrow();
  });
});

describe('LoRA', () => {
  it('starts as the model and merges into it after a change', async () => {
    const model = classifier();
    const adapted = addLora(model, { rank: 2, alpha: 8, seed: 3 });
    expect(adapted.adapters.map(({ weight, transposed, scale }) => [weight, transposed, scale])).toEqual([
      ['body.weight', true, 4],
      ['head.old', false, 4],
    ]);
    const before = await run(model.graph);
    expect(await run(adapted.graph)).toEqual(before);

    const learned = Object.fromEntries(
      adapted.adapters.map(({ b }) => {
        const { data } = adapted.graph.initializers.get(b)!;
        return [b, Float32Array.from(data as Float32Array, () => random() - 0.5)];
      }),
    );
    const changed = withWeights(adapted, learned);
    const after = await run(changed.graph);
    expect(Math.max(...after.map((each, at) => Math.abs(each - before[at]!)))).toBeGreaterThan(1e-2);
    const merged = mergeLora(changed);
    expect(merged.graph.nodes.map((each) => each.opType)).toEqual(model.graph.nodes.map((each) => each.opType));
    expect([...merged.graph.initializers.keys()].filter((name) => name.includes('lora'))).toEqual([]);
    (await run(merged.graph)).forEach((each, at) => expect(Math.abs(each - after[at]!)).toBeLessThan(1e-5));
  });

  it('trains adapters and the head only', () => {
    const adapted = addLora(replaceHead(classifier(), { outputCount: 2, seed: 1 }), { targets: ['body.*'], rank: 1, seed: 1 });
    const forward = forwardOf(adapted, { trainable: ['*.lora.*', 'head.*'] });
    expect(forward.parameters).toEqual(['head.weight', 'head.bias', 'body.weight.lora.a', 'body.weight.lora.b']);
    const compiled = compileTraining({ ...settingsOf(forward), loss: { kind: 'softmaxCrossEntropy' } });
    expect(compiled.parameterShapes['body.weight.lora.a']).toEqual([6, 1]);
  });

  it('refuses what it could not merge', () => {
    const g = new GraphBuilder('tied');
    const weight = g.initializer('weight', tensorOf('float32', [2, 2], [1, 2, 3, 4]));
    const once = g.op('MatMul', [g.input('x', 'float32', ['N', 2]), weight]);
    g.output(g.op('MatMul', [once, weight]), 'y');
    const model = importModel(encodeModel(g.build(), { producer: 'test' }));
    expect(() => addLora(model, { rank: 1, seed: 1 })).toThrow('several nodes share the weight "weight"');
    expect(() => addLora(classifier(), { rank: 0, seed: 1 })).toThrow('positive integer');
    expect(() => addLora(classifier(), { rank: 1, seed: 1, targets: ['nothing'] })).toThrow(
      expect.objectContaining({ code: 'MK_COMPILER_PARAMETER_UNKNOWN' }),
    );
  });
});

function settingsOf({
  graph,
  parameters,
  state,
  bindings,
}: ReturnType<typeof forwardOf>): Omit<Parameters<typeof compileTraining>[0], 'loss'> {
  return { forward: graph, parameters, state, bindings, optimizer: { kind: 'sgd' }, batchSize: rows };
}

/** Operators of a training graph's step. */
function printNodes(graph: Graph): string[] {
  return graph.nodes.flatMap((node) => [
    node.opType,
    ...Object.values(node.attributes).flatMap((each) => (each.kind === 'graph' ? printNodes(each.value) : [])),
  ]);
}

/** The last value that a node with such a name makes. */
function listValues(graph: Graph, ...parts: string[]): string {
  const node = graph.nodes.findLast((each) => parts.some((part) => each.name.includes(part)) && each.name.includes('norm2'))!;
  return node.outputs[0]!;
}

async function run(graph: Graph): Promise<number[]> {
  const session = await onnxRuntime.createSession(encodeModel(graph, { producer: 'test' }));
  const [output] = graph.outputs;
  const results = await session.run({ x: onnxRuntime.tensor('float32', x, [rows, 6]) }, { [output!.name]: null });
  await session.release();
  return Array.from(results[output!.name]!.data as Float32Array);
}
