import { create, toBinary } from '@bufbuild/protobuf';
import * as onnx from 'onnx-buf';
import { describe, expect, it } from 'vitest';
import { onnxRuntime } from '../tests/runtimes.ts';
import { encodeModel, GraphBuilder, readModel, readTensor } from '../index.ts';

const types = onnx.AttributeProto_AttributeType;
const unreadable = (reason: RegExp): unknown =>
  expect.objectContaining({ code: 'MK_COMPILER_MODEL_UNREADABLE', params: { reason: expect.stringMatching(reason) as unknown } });

function tensorType(name: string, dims: readonly (number | string)[]): onnx.ValueInfoProto {
  const dim = dims.map((each) => ({
    value: typeof each === 'number' ? { case: 'dimValue' as const, value: BigInt(each) } : { case: 'dimParam' as const, value: each },
  }));
  return create(onnx.ValueInfoProtoSchema, { name, type: { value: { case: 'tensorType', value: { elemType: 1, shape: { dim } } } } });
}

function bytesOf(model: onnx.ModelProto): Uint8Array {
  return toBinary(onnx.ModelProtoSchema, model);
}

describe('functions of a model', () => {
  /** y = Scaled(Scaled(x)) with Scaled<by>(v) = LeakyRelu<alpha = by>(v) + v, inside it another function for the sum. */
  function withFunctions(opset = 21n): onnx.ModelProto {
    const call = (input: string, output: string, name: string, by?: number): onnx.NodeProto =>
      create(onnx.NodeProtoSchema, {
        opType: 'Scaled',
        domain: 'own',
        name,
        input: [input],
        output: [output],
        attribute: by === undefined ? [] : [{ name: 'by', type: types.FLOAT, f: by }],
      });
    return create(onnx.ModelProtoSchema, {
      irVersion: 10n,
      opsetImport: [
        { domain: '', version: 21n },
        { domain: 'own', version: 1n },
      ],
      functions: [
        {
          name: 'Scaled',
          domain: 'own',
          input: ['v'],
          output: ['w'],
          attributeProto: [{ name: 'by', type: types.FLOAT, f: 0.5 }],
          opsetImport: [
            { domain: '', version: opset },
            { domain: 'own', version: 1n },
          ],
          node: [
            { opType: 'LeakyRelu', input: ['v'], output: ['t'], attribute: [{ name: 'alpha', type: types.FLOAT, refAttrName: 'by' }] },
            { opType: 'Twice', domain: 'own', input: ['t', 'v'], output: ['w'] },
          ],
        },
        {
          name: 'Twice',
          domain: 'own',
          input: ['a', 'b'],
          output: ['t'],
          opsetImport: [{ domain: '', version: opset }],
          node: [{ opType: 'Add', input: ['a', 'b'], output: ['t'] }],
        },
      ],
      graph: {
        name: 'main',
        input: [tensorType('x', [2])],
        output: [tensorType('y', [2])],
        node: [call('x', 'h', 'first'), call('h', 'y', 'second', 0.25)],
      },
    });
  }

  it('are put in the place of their calls, names kept apart and attributes filled in', async () => {
    const { graph } = readModel(bytesOf(withFunctions()));
    expect(graph.nodes.map((each) => each.opType)).toEqual(['LeakyRelu', 'Add', 'LeakyRelu', 'Add']);
    expect(graph.nodes.map((each) => each.attributes['alpha']?.value)).toEqual([0.5, undefined, 0.25, undefined]);
    const names = graph.nodes.flatMap((each) => each.outputs);
    expect(new Set(names).size).toBe(4);
    // ONNX Runtime, which knows functions itself, judges.
    const run = async (bytes: Uint8Array): Promise<unknown> => {
      const session = await onnxRuntime.createSession(bytes);
      const { y } = await session.run({ x: onnxRuntime.tensor('float32', Float32Array.of(-3, 2), [2]) }, { y: null });
      await session.release();
      return y!.data;
    };
    expect(await run(encodeModel(graph, { producer: 'test' }))).toEqual(await run(bytesOf(withFunctions())));
  });

  it('are refused when written for another opset, or when they call themselves', () => {
    expect(() => readModel(bytesOf(withFunctions(17n)))).toThrow(unreadable(/opset 17, the model for 21/));
    const model = withFunctions();
    model.functions[1]!.node[0] = create(onnx.NodeProtoSchema, { opType: 'Scaled', domain: 'own', input: ['a'], output: ['t'] });
    expect(() => readModel(bytesOf(model))).toThrow(unreadable(/calls itself/));
  });
});

describe('tensors', () => {
  const external = (length?: string): Uint8Array =>
    bytesOf(
      create(onnx.ModelProtoSchema, {
        irVersion: 10n,
        opsetImport: [{ domain: '', version: 21n }],
        graph: {
          name: 'main',
          initializer: [
            {
              name: 'weight',
              dims: [2n],
              dataType: 1,
              dataLocation: onnx.TensorProto_DataLocation.EXTERNAL,
              externalData: [
                { key: 'location', value: 'weights.bin' },
                { key: 'offset', value: '4' },
                ...(length === undefined ? [] : [{ key: 'length', value: length }]),
              ],
            },
          ],
        },
      }),
    );

  it('lie in another file only where a loader reads it', () => {
    expect(() => readModel(external('8'))).toThrow(unreadable(/"weight" lies in another file \(weights\.bin\)/));
    const asked: unknown[] = [];
    const file = new Uint8Array(Float32Array.of(9, 1, 2, 9).buffer);
    const { graph } = readModel(external('8'), {
      externalData: (...question) => {
        asked.push(question);
        return file.subarray(4, 12);
      },
    });
    expect(asked).toEqual([['weights.bin', 4, 8]]);
    expect(graph.initializers.get('weight')!.data).toEqual(Float32Array.of(1, 2));
  });

  it('must fill their shape', () => {
    expect(() => readModel(external(), { externalData: () => new Uint8Array(4) })).toThrow(unreadable(/1 elements, \[2\] needs 2/));
  });

  it('are the same when the bytes come as a Buffer out of a pool', () => {
    const g = new GraphBuilder('main');
    g.output(
      g.op('Add', [g.input('x', 'float32', [4]), g.initializer('w', { dtype: 'float32', shape: [4], data: Float32Array.of(1, 2, 3, 4) })]),
      'y',
    );
    const pooled = Buffer.concat([Buffer.from('odd'), encodeModel(g.build(), { producer: 'test' })]).subarray(3);
    expect(readModel(pooled).graph.initializers.get('w')!.data).toEqual(Float32Array.of(1, 2, 3, 4));
  });

  it('are read on their own too', () => {
    const bytes = toBinary(
      onnx.TensorProtoSchema,
      create(onnx.TensorProtoSchema, { name: 't', dims: [2n], dataType: 7, int64Data: [5n, -6n] }),
    );
    expect(readTensor(bytes)).toEqual({ name: 't', tensor: { dtype: 'int64', shape: [2], data: BigInt64Array.of(5n, -6n) } });
  });

  it('are refused when sparse, by name', () => {
    const model = create(onnx.ModelProtoSchema, { graph: { name: 'main', sparseInitializer: [{ values: { name: 'thin' } }] } });
    expect(() => readModel(bytesOf(model))).toThrow(unreadable(/"thin" of graph "main" is sparse/));
  });
});

it('keeps values of subgraphs without a type as they are', () => {
  const branch = (): onnx.GraphProto =>
    create(onnx.GraphProtoSchema, {
      name: 'branch',
      node: [{ opType: 'Neg', input: ['x'], output: ['out'] }],
      output: [{ name: 'out' }],
    });
  const model = create(onnx.ModelProtoSchema, {
    irVersion: 10n,
    opsetImport: [{ domain: '', version: 21n }],
    graph: {
      name: 'main',
      input: [tensorType('x', [2])],
      output: [tensorType('y', [2])],
      node: [
        {
          opType: 'If',
          input: ['x'],
          output: ['y'],
          attribute: ['then_branch', 'else_branch'].map((name) => ({ name, type: types.GRAPH, g: branch() })),
        },
      ],
    },
  });
  const read = readModel(bytesOf(model)).graph;
  const then = read.nodes[0]!.attributes['then_branch'];
  expect(then?.kind === 'graph' && then.value.outputs).toEqual([{ name: 'out', dtype: 'float32', untyped: true }]);
  expect(readModel(encodeModel(read, { producer: 'test' })).graph).toEqual(read);
});
