import * as ort from '../../../platform/onnxRuntime.ts';
import { describe, expect, it } from 'vitest';
import { replay } from '../../2-shapes/replay.ts';
import { TypedOps, typed, type TypedValue } from '../../2-shapes/typedOps.ts';
import { backpropagate } from '../../3-differentiate/backpropagate.ts';
import { decomposer } from '../../3-differentiate/decompose.ts';
import { encodeModel, GraphBuilder, type DataType, type Graph, type Shape } from '../../index.ts';
import { testRandom } from '../../tests/runtimes.ts';
import type { AttributeInput } from '../../onnx/attributes.ts';
import { rowReads } from './rowReads.ts';

/** Operators whose gradient, or which themselves, add at indices that occur many times; indices are an input. */
const cases: {
  what: string;
  operator: 'Gather' | 'GatherElements' | 'GatherND' | 'ScatterND' | 'ScatterElements';
  attributes?: Record<string, AttributeInput>;
  data: number[];
  indices: number[];
  updates?: number[];
  /** Indices lie in −range … range − 1. */
  range: number;
  /** What adds up. A product's order of addition depends on the number of threads, as that of every weight gradient. */
  form: 'product' | 'ScatterElements';
}[] = [
  { what: 'Gather of a small table (one-hot)', operator: 'Gather', data: [20, 64], indices: [32, 64], range: 20, form: 'product' },
  { what: 'Gather of a large table (flat)', operator: 'Gather', data: [12_000, 48], indices: [2048], range: 9, form: 'ScatterElements' },
  { what: 'Gather along a middle axis', operator: 'Gather', attributes: { axis: 1 }, data: [4, 600, 16], indices: [2048], range: 9, form: 'ScatterElements' },
  { what: 'GatherElements', operator: 'GatherElements', data: [60, 400], indices: [2048, 400], range: 7, form: 'ScatterElements' },
  { what: 'GatherND', operator: 'GatherND', data: [60, 400, 16], indices: [4096, 2], range: 5, form: 'ScatterElements' },
  { what: 'ScatterND add', operator: 'ScatterND', attributes: { reduction: 'add' }, data: [1000, 64], indices: [4096, 1], updates: [4096, 64], range: 6, form: 'ScatterElements' },
  { what: 'ScatterElements add', operator: 'ScatterElements', attributes: { reduction: 'add' }, data: [50, 64], indices: [4096, 64], updates: [4096, 64], range: 6, form: 'ScatterElements' },
]; // prettier-ignore

describe('sums at equal indices', () => {
  it.each(cases)('$what: the right sum, and the same bits in 30 runs on each number of threads', async (given) => {
    const { graph, feeds } = caseGraph(given, 'int64');
    expect(graph.nodes.filter((each) => each.opType === 'ScatterND')).toEqual([]);
    expect(graph.nodes.some((each) => each.opType === 'ScatterElements')).toBe(given.form === 'ScatterElements');
    const expected = plainSum(given, feeds);
    let first: Uint8Array | undefined;
    for (const threads of [1, 2]) {
      if (given.form === 'product') first = undefined;
      const session = await ort.InferenceSession.create(encodeModel(graph, { producer: 'test' }), { intraOpNumThreads: threads });
      for (let run = 0; run < 30; run++) {
        const { sum } = await session.run(feeds);
        const data = sum!.data as Float32Array;
        const bytes = new Uint8Array(data.slice().buffer);
        if (!first) expect(expected.reduce((worst, each, at) => Math.max(worst, Math.abs(each - data[at]!)), 0)).toBeLessThan(2e-3);
        first ??= bytes;
        expect(Buffer.compare(bytes, first)).toBe(0);
      }
      await session.release();
    }
  });

  it('gives the same bits for int32 indices as for int64', async () => {
    for (const given of cases.slice(0, 3)) {
      const sums: Buffer[] = [];
      for (const dtype of ['int32', 'int64'] as const) {
        const { graph, feeds } = caseGraph(given, dtype);
        const session = await ort.InferenceSession.create(encodeModel(graph, { producer: 'test' }), { intraOpNumThreads: 1 });
        sums.push(Buffer.from(((await session.run(feeds))['sum']!.data as Float32Array).slice().buffer));
        await session.release();
      }
      expect(Buffer.compare(sums[0]!, sums[1]!)).toBe(0);
    }
  });
});

describe('rowReads', () => {
  it('finds where a table is read, and the gradients of those rows add up to the dense gradient', async () => {
    const builder = new GraphBuilder('embedding');
    const g = new TypedOps(builder);
    const table = typed(builder.input('table', 'float32', [300, 8]));
    const words = typed(builder.input('words', 'int64', [16]));
    const labels = typed(builder.input('labels', 'int32', [4]));
    const [first, second] = [g.gather(table, words), g.op('Gather', [table, labels], { axis: -2 })];
    const loss = g.add(sumOfSquares(g, first), sumOfSquares(g, g.exp(second)));
    const reads = rowReads(g.tape, table)!;
    expect(reads.map((each) => [each.indices.name, each.rows.name])).toEqual([
      ['words', first.name],
      ['labels', second.name],
    ]);
    const gradients = backpropagate(g, [{ value: loss, gradient: g.scalar(1, loss) }], [table, ...reads.map((each) => each.rows)]);
    gradients.forEach((each, at) => builder.output(each!, ['dense', 'rows0', 'rows1'][at]!));
    const session = await ort.InferenceSession.create(encodeModel(builder.build(), { producer: 'test' }), { intraOpNumThreads: 1 });
    const random = testRandom(5);
    const feeds = {
      table: new ort.Tensor('float32', Float32Array.from({ length: 2400 }, random), [300, 8]),
      words: new ort.Tensor(
        'int64',
        BigInt64Array.from({ length: 16 }, (_, at) => BigInt((at % 5) - 2)),
        [16],
      ),
      labels: new ort.Tensor('int32', Int32Array.of(1, 299, 1, 7), [4]),
    };
    const out = await session.run(feeds);
    await session.release();
    const dense = new Float64Array(2400);
    const addUp = (indices: ArrayLike<number | bigint>, rows: Float32Array): void => {
      for (let at = 0; at < rows.length; at++) {
        const index = Number(indices[Math.floor(at / 8)]);
        dense[(index < 0 ? index + 300 : index) * 8 + (at % 8)]! += rows[at]!;
      }
    };
    addUp(feeds.words.data as BigInt64Array, out['rows0']!.data as Float32Array);
    addUp(feeds.labels.data as Int32Array, out['rows1']!.data as Float32Array);
    (out['dense']!.data as Float32Array).forEach((each, at) => expect(each).toBeCloseTo(dense[at]!, 4));
  });

  it('is undefined where the table is used in another way too', () => {
    const builder = new GraphBuilder('tied');
    const g = new TypedOps(builder);
    const table = typed(builder.input('table', 'float32', [30, 8]));
    const rows = g.gather(table, builder.input('words', 'int64', [4]));
    expect(rowReads(g.tape, table)).toHaveLength(1);
    g.matMul(rows, g.swapLast(table));
    expect(rowReads(g.tape, table)).toBeUndefined();
    expect(rowReads(g.tape, rows)).toBeUndefined();
  });
});

function sumOfSquares(g: TypedOps, x: TypedValue): TypedValue {
  return g.reduceSum(g.mul(x, x), [...x.shape.keys()], false);
}

/** A graph that gives `sum`: for a gather its gradient with the incoming gradient `values`, for a scatter its result. */
function caseGraph(given: (typeof cases)[number], indexType: 'int32' | 'int64'): { graph: Graph; feeds: Record<string, ort.Tensor> } {
  const builder = new GraphBuilder('sum');
  const g = new TypedOps(builder);
  const input = (name: string, dtype: DataType, shape: Shape): TypedValue => typed(builder.input(name, dtype, shape));
  const [data, indices] = [input('data', 'float32', given.data), input('indices', indexType, given.indices)];
  let shape = given.updates;
  if (given.updates) {
    const forward = new GraphBuilder('forward');
    const inputs = [data, indices, input('values', 'float32', given.updates)];
    const inner = inputs.map((each) => forward.input(each.name, each.dtype, each.shape));
    const result = new TypedOps(forward).op(given.operator, inner, given.attributes);
    const values = replay(g, forward.build(), new Map(inputs.map((each) => [each.name, each])), { decompose: decomposer(g) });
    builder.output(values.get(result.name)!, 'sum');
  } else {
    const gathered = g.op(given.operator, [data, indices], given.attributes);
    shape = gathered.shape as number[];
    const [gradient] = backpropagate(g, [{ value: gathered, gradient: input('values', 'float32', shape) }], [data]);
    builder.output(gradient!, 'sum');
  }
  const random = testRandom(11);
  const count = (dims: readonly number[]): number => dims.reduce((n, dim) => n * dim, 1);
  const drawn = Array.from({ length: count(given.indices) }, () => Math.floor(random() * 2 * given.range) - given.range);
  return {
    graph: builder.build(),
    feeds: {
      data: new ort.Tensor('float32', new Float32Array(count(given.data)), given.data),
      indices:
        indexType === 'int64'
          ? new ort.Tensor('int64', BigInt64Array.from(drawn, BigInt), given.indices)
          : new ort.Tensor('int32', Int32Array.from(drawn), given.indices),
      values: new ort.Tensor(
        'float32',
        Float32Array.from({ length: count(shape!) }, () => random() * 2 - 1),
        shape!,
      ),
    },
  };
}

/** The same sum by plain loops in float64. */
function plainSum(given: (typeof cases)[number], feeds: Record<string, ort.Tensor>): Float64Array {
  const { data, operator } = given;
  const result = new Float64Array(data.reduce((n, dim) => n * dim, 1));
  const indices = Array.from(feeds['indices']!.data as BigInt64Array, Number);
  const values = feeds['values']!.data as Float32Array;
  const start = (index: number, size: number): number => (index < 0 ? index + size : index);
  if (operator === 'GatherElements' || operator === 'ScatterElements') {
    values.forEach((value, at) => (result[start(indices[at]!, data[0]!) * data[1]! + (at % data[1]!)]! += value));
  } else if (operator === 'GatherND') {
    const width = data[2]!;
    values.forEach((value, at) => {
      const tuple = Math.floor(at / width) * 2;
      const row = start(indices[tuple]!, data[0]!) * data[1]! + start(indices[tuple + 1]!, data[1]!);
      result[row * width + (at % width)]! += value;
    });
  } else {
    const axis = Number(given.attributes?.['axis'] ?? 0);
    const [size, width] = [data[axis]!, data.at(-1)!];
    values.forEach((value, at) => {
      const row = Math.floor(at / width);
      const [section, entry] = [Math.floor(row / indices.length), row % indices.length];
      result[(section * size + start(indices[entry]!, size)) * width + (at % width)]! += value;
    });
  }
  return result;
}
