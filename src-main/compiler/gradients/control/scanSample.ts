import type { Attribute } from '../../onnx/graph.ts';
import { GraphBuilder } from '../../onnx/graphBuilder.ts';

/**
 * A step for the samples of Scan: s₊ = tanh(s)·x + s, y = s₊ or y = s·x, of shape [2, 3]. `hidesState`: the next state is not
 * among what the steps hand out, so the gradient must run the Scan once more.
 */
export function scanSampleBody({ hidesState }: { hidesState: boolean }): Attribute {
  const body = new GraphBuilder('sample_body');
  const state = body.input('sample_state', 'float32', [2, 3]);
  const item = body.input('sample_item', 'float32', [2, 3]);
  const spec = { output: { shape: [2, 3] } };
  const product = body.op('Mul', [body.op('Tanh', [state], spec), item], spec);
  const next = body.op('Add', [product, state], spec);
  body.output(next);
  body.output(hidesState ? body.op('Mul', [state, item], spec) : next);
  return { kind: 'graph', value: body.build() };
}
