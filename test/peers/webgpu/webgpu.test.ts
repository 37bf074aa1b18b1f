import { describe, expect, it } from 'vitest';
import { gradients } from '../../../src-main/compiler/gradients/index.ts';
import { findings } from './inChild.ts';
import { softwareGpuEnvironment } from './softwareGpu.ts';
import { titleOf, type Task } from './tasks.ts';

// One operator per family and the forms that WebGPU gets in place of others; `npm run peers -- webgpu` runs all samples.
const quick = [
  'Mul@14',
  'Gelu@20',
  'ReduceMean@18',
  'Slice@13',
  'Gather@13',
  'Gemm@13',
  'Conv@11',
  'MaxPool@12',
  'LayerNormalization@17',
  'RMSNormalization@23',
  'Attention@23',
  'LSTM@14',
];
const tasks: readonly Task[] = [
  ...quick.map((operator): Task => ({ kind: 'sample', operator, sample: 0 })),
  { kind: 'training', model: 'perceptron' },
  { kind: 'training', model: 'BiLSTM' },
];

describe('WebGPU, in software', () => {
  it('names operators that have rules', () => expect(quick.filter((operator) => !gradients[operator])).toEqual([]));

  it.skipIf(!softwareGpuEnvironment())('equals the CPU (skipped where neither Chromium nor Electron brings SwiftShader)', async () => {
    const wrong: string[] = [];
    for await (const [task, { error, difference }] of findings(tasks))
      if (error !== undefined || !(difference! <= 1e-4)) wrong.push(`${titleOf(task)}: ${error ?? difference}`);
    expect(wrong).toEqual([]);
  });
});
