import { changed, numberOf, type OperatorUpgrade } from './defineUpgrade.ts';

/** Opset 9 dropped `spatial`; 14 has `training_mode` instead of telling training by the number of outputs. */
export const batchNormalization = {
  source: 'https://onnx.ai/onnx/operators/onnx__BatchNormalization.html',
  changes: [
    {
      since: 9,
      upgrade: (node, c) => {
        if (numberOf(node, 'spatial') === 0) return c.refuse('it normalises per activation (spatial = 0), which opset 9 dropped.');
        return [changed(node, { without: ['spatial'] })];
      },
    },
    {
      since: 14,
      upgrade: (node, c) => {
        const [, mean, variance, ...saved] = node.outputs;
        if (saved.some((name) => name !== '' && c.isUsed(name))) return c.refuse('its outputs saved_mean and saved_var are used.');
        const trains = [mean, variance].some((name) => name !== undefined && name !== '');
        return [
          trains
            ? changed(node, { outputs: node.outputs.slice(0, 3), attributes: { training_mode: { kind: 'int', value: 1 } } })
            : changed(node, { outputs: node.outputs.slice(0, 1) }),
        ];
      },
    },
  ],
} satisfies OperatorUpgrade;
