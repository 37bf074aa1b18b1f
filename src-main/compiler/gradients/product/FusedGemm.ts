import { isKnownOperator } from '../../2-shapes/shapeRules.ts';
import { float } from '../../onnx/attributes.ts';
import type { Attributes } from '../../onnx/graph.ts';
import { defineComposite } from '../defineGradient.ts';

/** Y = activation(α A'·B' + β C), as ONNX Runtime writes it into models that it has optimised: a Gemm and the activation's own operator. */
export const fusedGemm = defineComposite({
  opType: 'FusedGemm',
  domain: 'com.microsoft',
  sinceVersion: 1,
  source: 'https://github.com/microsoft/onnxruntime/blob/main/docs/ContribOperators.md#com.microsoft.FusedGemm',
  formula: "Y = activation(α A'·B' + β C)",
  inputs: ['A', 'B', 'C'],
  outputs: ['Y'],
  attributes: { alpha: 1, beta: 1, transA: 0, transB: 0, activation: '' },
  decompose: ({ A, B, C }, { alpha, beta, transA, transB, activation }, g, { attributes }) => {
    const linear = g.op('Gemm', [A, B, C], { alpha: float(alpha), beta: float(beta), transA, transB });
    if (activation === '') return [linear];
    if (!isKnownOperator(activation)) throw new Error(`FusedGemm: the activation "${activation}" is not known.`);
    return [g.op(activation, [linear], activationNumbers(attributes))];
  },
  samples: [
    { inputs: { A: [3, 4], B: [4, 2], C: [2] }, attributes: { activation: { kind: 'string', value: 'Tanh' } } },
    {
      inputs: { A: [4, 3], B: [2, 4], C: [2] },
      attributes: {
        activation: { kind: 'string', value: 'LeakyRelu' },
        activation_alpha: float(0.25),
        alpha: float(0.5),
        beta: float(2),
        transA: { kind: 'int', value: 1 },
        transB: { kind: 'int', value: 1 },
      },
    },
  ],
  specialPoints: [],
});

/** `activation_alpha` is the activation's `alpha`, and so on. */
function activationNumbers(attributes: Attributes): Attributes {
  return Object.fromEntries(
    ['alpha', 'beta', 'gamma'].flatMap((name) => {
      const given = attributes[`activation_${name}`];
      return given ? [[name, given]] : [];
    }),
  );
}
