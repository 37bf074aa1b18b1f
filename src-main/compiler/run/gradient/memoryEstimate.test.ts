import { describe, expect, it } from 'vitest';
import { compileGradients, GraphBuilder, multilayerPerceptron } from '../../index.ts';
import { peakBytes } from '../../4-fuse/rematerialise/peakBytes.ts';
import { estimateMemory } from './memoryEstimate.ts';

const KiB = 1024;

describe('peakBytes', () => {
  it('counts what is alive at once: each value from its node to its last use', () => {
    const g = new GraphBuilder('chain');
    const x = g.input('x', 'float32', [256]);
    const a = g.op('Exp', [x], { output: { shape: [256] } }); // 1 KiB
    const b = g.op('Exp', [a], { output: { shape: [256] } }); // a, b
    const c = g.op('Exp', [b], { output: { shape: [256] } }); // b, c: a is gone
    g.output(g.op('Add', [b, c], { output: { shape: [256] } })); // b, c, sum
    expect(peakBytes(g.build())).toBe(3 * KiB);
  });

  it('counts views once, and outputs to the end', () => {
    const g = new GraphBuilder('views');
    const x = g.input('x', 'float32', [256]);
    const a = g.op('Exp', [x], { output: { shape: [256] } });
    g.output(a, 'kept');
    const flat = g.op('Reshape', [a, g.int64([16, 16])], { output: { shape: [16, 16] } });
    const mask = g.op('Greater', [flat, g.scalar(0)], { output: { dtype: 'bool', shape: [16, 16] } });
    g.output(g.op('Cast', [mask], { attributes: { to: 1 }, output: { dtype: 'float32', shape: [16, 16] } }), 'cast');
    // a with its view, the mask (a byte an element), the cast.
    expect(peakBytes(g.build())).toBe(KiB + 256 + KiB);
  });
});

describe('estimateMemory', () => {
  const network = multilayerPerceptron({ featureCount: 64, hiddenSizes: [128], outputCount: 10 });
  const compile = (batchSize: number, microBatch = batchSize) =>
    compileGradients({
      forward: network.graph,
      parameters: network.parameters,
      loss: { kind: 'softmaxCrossEntropy' },
      batchSize,
      microBatch,
    });
  const parameters = (64 * 128 + 128 + 128 * 10 + 16) * 4; // the last bias is padded to 16

  it('weights, gradients and moments of Adam are four vectors', () => {
    const estimate = estimateMemory(compile(32), { optimizer: { kind: 'adam' } });
    expect(estimate.weightsBytes).toBe(4 * parameters);
    expect(estimate.batchBytes).toBe(2 * 32 * (64 * 4 + 4 + 4));
    expect(estimate.totalBytes).toBe(estimate.weightsBytes + estimate.batchBytes + estimate.activationBytes + estimate.reserveBytes);
    expect(estimateMemory(compile(32), { optimizer: { kind: 'sgd' } }).weightsBytes).toBe(2 * parameters);
  });

  it('activations grow with the micro-batch, not with the batch', () => {
    const at = (batchSize: number, microBatch: number) =>
      estimateMemory(compile(batchSize, microBatch), { optimizer: { kind: 'sgd' } }).activationBytes;
    expect(at(64, 64)).toBeGreaterThan(1.8 * at(32, 32) - 2 * parameters);
    expect(at(64, 32)).toBe(at(32, 32));
  });

  it('threads have vectors and activations of their own', () => {
    const [one, two] = [0, 1].map((workers) => estimateMemory(compile(32), { optimizer: { kind: 'adam' }, workers }));
    expect(two!.activationBytes).toBe(2 * one!.activationBytes);
    expect(two!.weightsBytes).toBe(one!.weightsBytes + 5 * parameters);
  });
});
