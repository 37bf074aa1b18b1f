import { GraphBuilder } from '../../onnx/graphBuilder.ts';
import type { Runtime } from '../../run/runtime.ts';

/**
 * Whether this ONNX Runtime convolves over blocks of channels, and how large they are: 16 on processors with AVX-512, 8 on
 * others, undefined where the internal operators are missing or give something else. Two sessions of a millisecond; ask
 * once at the start.
 *
 * A 1×1 convolution of one pixel is a matrix times a vector. Its weight is laid out for the block in question, so that only
 * the right size gives the right numbers.
 */
export async function probeBlockedChannels(runtime: Runtime): Promise<8 | 16 | undefined> {
  for (const block of [16, 8] as const) if (await works(runtime, block)) return block;
  return undefined;
}

async function works(runtime: Runtime, block: 8 | 16): Promise<boolean> {
  // Twice the larger block, so that the smaller one has several blocks as well.
  const channels = 32;
  const builder = new GraphBuilder('probe');
  const x = builder.input('x', 'float32', [1, channels, 1, 1]);
  const weight = builder.input('weight', 'float32', [channels, channels, 1, 1]);
  const domain = 'com.microsoft.nchwc';
  const blocked = builder.op('ReorderInput', [x], { domain });
  const y = builder.op('Conv', [blocked, weight], { domain, attributes: { kernel_shape: [1, 1], strides: [1, 1], pads: [0, 0, 0, 0] } });
  builder.output(builder.op('ReorderOutput', [y], { domain, attributes: { channels }, output: { shape: [1, channels, 1, 1] } }), 'y');
  const matrix = Float32Array.from({ length: channels * channels }, (_, at) => ((at * 37) % 101) / 101);
  const vector = Float32Array.from({ length: channels }, (_, at) => at - 10);
  try {
    const session = await runtime.createSession(builder.toModelBytes({ producer: 'modelkeep' }));
    try {
      const feeds = {
        x: runtime.tensor('float32', vector, [1, channels, 1, 1]),
        weight: runtime.tensor('float32', laidOut(matrix, channels, block), [channels, channels, 1, 1]),
      };
      const { y: result } = await session.run(feeds, { y: null });
      const given = result!.data as Float32Array;
      return vector.every((_, row) => Math.abs(given[row]! - dot(matrix, vector, row)) < 1e-3);
    } finally {
      await session.release();
    }
  } catch {
    // No such operator: another build or another provider.
    return false;
  }
}

/** [M, C] → [M/b, C/b, b of C, b of M]. */
function laidOut(matrix: Float32Array, channels: number, block: number): Float32Array {
  const result = new Float32Array(matrix.length);
  for (let row = 0; row < channels; row++)
    for (let column = 0; column < channels; column++) {
      const blockAt = Math.floor(row / block) * (channels / block) + Math.floor(column / block);
      result[(blockAt * block + (column % block)) * block + (row % block)] = matrix[row * channels + column]!;
    }
  return result;
}

function dot(matrix: Float32Array, vector: Float32Array, row: number): number {
  return vector.reduce((sum, each, column) => sum + each * matrix[row * vector.length + column]!, 0);
}
