import { describe, expect, it } from 'vitest';
import * as ort from '../../platform/onnxRuntime.ts';
import { encodeModel } from '../onnx/encode.ts';
import { GraphBuilder } from '../onnx/graphBuilder.ts';
import { TypedOps, typed } from '../2-shapes/typedOps.ts';
import { freeCopies } from './freeCopies.ts';

describe('copies of outputs', () => {
  it('are freed after a run, and what was written in place stays', async () => {
    const builder = new GraphBuilder('double');
    const g = new TypedOps(builder);
    const x = typed(builder.input('x', 'float32', [1000]));
    builder.output(g.add(x, x), 'y');
    const session = await ort.InferenceSession.create(encodeModel(builder.build(), { producer: 'test' }), { intraOpNumThreads: 1 });
    const own = new Float32Array(1000);
    const fetches = { y: new ort.Tensor('float32', own, [1000]) };
    const results = await session.run({ x: new ort.Tensor('float32', new Float32Array(1000).fill(3), [1000]) }, fetches);
    const returned = results['y']!.data as Float32Array;
    freeCopies(results, fetches);
    expect(own).toEqual(new Float32Array(1000).fill(6));
    expect(returned.buffer).not.toBe(own.buffer);
    expect(returned.length).toBe(0);
    await session.release();
  });

  it('are left alone where the given array came back, or a new one was asked for', () => {
    const own = { data: new Float32Array(4), dims: [4] };
    const made = { data: new Float32Array(4), dims: [4] };
    freeCopies({ a: { data: own.data, dims: [4] }, b: made }, { a: own, b: null });
    expect([own.data.length, made.data.length]).toEqual([4, 4]);
  });
});
