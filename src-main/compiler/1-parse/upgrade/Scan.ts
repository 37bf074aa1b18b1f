import type { OperatorUpgrade } from './defineUpgrade.ts';

/** Scan-8 ran over a batch axis of its own. */
export const scan = {
  source: 'https://onnx.ai/onnx/operators/onnx__Scan.html',
  changes: [{ since: 9, upgrade: (_node, c) => c.refuse('Scan of opset 8 has another meaning than later ones.') }],
} satisfies OperatorUpgrade;
