import { describe, expect, it } from 'vitest';
import { parseGraphText } from '../tests/parseGraphText.ts';
import { lint } from './lint.ts';
import type { Target } from './providers/target.ts';

const cpu: Target = { provider: 'cpu' };
const webgpu: Target = { provider: 'webgpu' };

const refused: Record<string, { text: string; target: Target; node: string }> = {
  'ScatterND that adds': {
    text: `g (float32[2] x, int64[1,1] i, float32[1] u) => (float32[2] y) {
  y = ScatterND <reduction="add">(x, i, u)
}`,
    target: cpu,
    node: 'node_ScatterND',
  },
  'blocked convolutions without a probe': {
    text: `g (float32[1,16,1,1] x, float32[16,16,1,1] w) => (float32[1,16,1,1] y) {
  y = com.microsoft.nchwc.Conv <kernel_shape=[1, 1]>(x, w)
}`,
    target: cpu,
    node: 'node_Conv',
  },
  'a preview optimizer': {
    text: `g (float32[2] x) => (float32[2] y) {
  y = ai.onnx.preview.training.Adam(x)
}`,
    target: cpu,
    node: 'node_Adam',
  },
  'random numbers of the session': {
    text: `g (float32[2] x) => (float32[2] y) {
  y = RandomNormalLike(x)
}`,
    target: cpu,
    node: 'node_RandomNormalLike',
  },
  'indices of maxima on WebGPU': {
    text: `g (float32[1,1,2,2] x) => (float32[1,1,1,1] y) {
  y, i = MaxPool <kernel_shape=[2, 2]>(x)
}`,
    target: webgpu,
    node: 'node_MaxPool',
  },
  'batch statistics on WebGPU': {
    text: `g (float32[2,1] x, float32[1] s, float32[1] b, float32[1] m, float32[1] v) => (float32[2,1] y) {
  y = BatchNormalization <training_mode=1>(x, s, b, m, v)
}`,
    target: webgpu,
    node: 'node_BatchNormalization',
  },
  'integer outputs on WebGPU': {
    text: `g (float32[2] x) => (int64[1] y) {
  y = Shape(x)
}`,
    target: webgpu,
    node: 'y',
  },
};

describe('lint', () => {
  it.each(Object.entries(refused))('refuses %s and names the node', (_, { text, target, node }) => {
    expect(() => lint(parseGraphText(text), target)).toThrow(
      expect.objectContaining({ code: 'MK_COMPILER_FORM_REFUSED', params: expect.objectContaining({ node, provider: target.provider }) }),
    );
  });

  it('refuses float16 tensors at the border', () => {
    const graph = parseGraphText('g (float32[2] x) => (float32[2] y) {\n  y = Neg(x)\n}');
    const half = { ...graph, inputs: [{ ...graph.inputs[0]!, dtype: 'float16' as const }] };
    expect(() => lint(half, cpu)).toThrow(expect.objectContaining({ code: 'MK_COMPILER_FORM_REFUSED' }));
  });

  it('looks into subgraphs', () => {
    const inner = parseGraphText(refused['ScatterND that adds']!.text);
    const outer = parseGraphText('g (float32[2] x) => (float32[2] y) {\n  y = Neg(x)\n}');
    const loop = { ...outer, nodes: [{ ...outer.nodes[0]!, attributes: { body: { kind: 'graph' as const, value: inner } } }] };
    expect(() => lint(loop, cpu)).toThrow(expect.objectContaining({ code: 'MK_COMPILER_FORM_REFUSED' }));
  });

  it('lets pass what another provider would refuse', () => {
    for (const [name, { text, target }] of Object.entries(refused)) {
      if (target.provider === 'webgpu') expect(() => lint(parseGraphText(text), cpu), name).not.toThrow();
    }
    expect(() =>
      lint(parseGraphText(refused['blocked convolutions without a probe']!.text), { provider: 'cpu', channelBlock: 16 }),
    ).not.toThrow();
  });
});
