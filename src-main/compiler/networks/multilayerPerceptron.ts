import { TypedOps, type TypedValue } from '../2-shapes/typedOps.ts';
import type { Graph } from '../onnx/graph.ts';
import { GraphBuilder } from '../onnx/graphBuilder.ts';
import type { WeightScheme } from '../run/initialWeights.ts';

export interface PerceptronSettings {
  readonly featureCount: number;
  /** Units of each hidden layer; [] gives linear or softmax regression. */
  readonly hiddenSizes: readonly number[];
  /** Classes (logits), or predicted values. */
  readonly outputCount: number;
  /** Default 'Relu'. */
  readonly activation?: 'Relu' | 'Tanh' | 'Sigmoid';
  /** Share of hidden units dropped in training, 0 to below 1. Default 0. */
  readonly dropoutRate?: number;
  /** Default 'float32'; 'float64' for comparisons with references. */
  readonly dtype?: 'float32' | 'float64';
}

export interface Network {
  /** Input `features [N, featureCount]` and the parameters; output `output [N, outputCount]`. */
  readonly graph: Graph;
  readonly parameters: readonly string[];
  readonly parameterShapes: Readonly<Record<string, readonly number[]>>;
  /** How `initialWeights` should draw each parameter. */
  readonly schemes: Readonly<Record<string, WeightScheme>>;
}

/**
 * Dense layers h ← activation(h·W + b), the last without activation:
 * Goodfellow, Bengio & Courville, Deep Learning (2016), §6.1. Weights are `weight1`, `bias1`, `weight2`, …
 */
export function multilayerPerceptron({
  featureCount,
  hiddenSizes,
  outputCount,
  activation = 'Relu',
  dropoutRate = 0,
  dtype = 'float32',
}: PerceptronSettings): Network {
  const builder = new GraphBuilder('multilayerPerceptron');
  const g = new TypedOps(builder);
  const parameterShapes: Record<string, readonly number[]> = {};
  const schemes: Record<string, WeightScheme> = {};
  const parameter = (name: string, shape: readonly number[], scheme: WeightScheme): TypedValue => {
    parameterShapes[name] = shape;
    schemes[name] = scheme;
    return builder.input(name, dtype, shape) as TypedValue;
  };

  let hidden = builder.input('features', dtype, ['N', featureCount]) as TypedValue;
  const sizes = [...hiddenSizes, outputCount];
  sizes.forEach((size, at) => {
    const last = at === sizes.length - 1;
    const weight = parameter(`weight${at + 1}`, [Number(hidden.shape[1]), size], !last && activation === 'Relu' ? 'he' : 'glorot');
    const bias = parameter(`bias${at + 1}`, [size], 'zeros');
    const linear = g.add(g.matMul(hidden, weight), bias);
    hidden = last ? linear : dropout(g, g.op(activation, [linear]), dropoutRate);
  });
  builder.output(hidden, 'output');
  return { graph: builder.build(), parameters: Object.keys(parameterShapes), parameterShapes, schemes };
}

function dropout(g: TypedOps, value: TypedValue, rate: number): TypedValue {
  if (rate === 0) return value;
  // The type of `ratio` is independent of the data's.
  return g.graph.op('Dropout', [value, g.graph.scalar(rate), g.graph.scalar(1, 'bool')], { output: { shape: value.shape } }) as TypedValue;
}
