// The model of the serving benchmark: 28 raw columns, a perceptron behind them.
import type { ModelSignature } from '../../src-shared/domain/features.ts';
import { GraphBuilder, strings, type Value } from '../compiler/index.ts';
import { counterRandom } from '../platform/random.ts';
import { column, type TestModel } from './serveModels.ts';

const numbers = 20;
const categories = 8;
const hidden = 64;
const values = ['red', 'green', 'blue', '红色'];

/** 20 numbers and 8 categories by name → perceptron 28-64-2 → prediction and probabilities. */
export function benchModel(): TestModel {
  const random = counterRandom(5);
  const g = new GraphBuilder('bench');
  const weights = (rows: number, columns: number): Value =>
    g.float32(
      Float32Array.from({ length: rows * columns }, () => random.normal() / Math.sqrt(rows)),
      [rows, columns],
    );
  const inputs: ModelSignature['inputs'] = [];
  const parts: Value[] = [];
  for (let at = 0; at < numbers; at++) {
    inputs.push(column(`number_${at}`, 'number', 'float32', { range: { min: -3, max: 3 } }));
    parts.push(g.input(`number_${at}`, 'float32', ['N', 1]));
  }
  for (let at = 0; at < categories; at++) {
    inputs.push(column(`category_${at}`, 'category', 'string', { categories: values }));
    parts.push(
      g.op('LabelEncoder', [g.input(`category_${at}`, 'string', ['N', 1])], {
        domain: 'ai.onnx.ml',
        attributes: {
          keys_strings: strings(values),
          values_floats: { kind: 'floats', value: values.map((_, index) => index) },
          default_float: { kind: 'float', value: -1 },
        },
        output: { dtype: 'float32', shape: ['N', 1] },
      }),
    );
  }
  const width = numbers + categories;
  const x = g.op('Concat', parts, { attributes: { axis: 1 }, output: { dtype: 'float32', shape: ['N', width] } });
  const h = g.op('Relu', [
    g.op('Gemm', [x, weights(width, hidden), g.float32(new Float32Array(hidden))], { output: { shape: ['N', hidden] } }),
  ]);
  const logits = g.op('Gemm', [h, weights(hidden, 2), g.float32([0, 0])], { output: { shape: ['N', 2] } });
  const probabilities = g.op('Softmax', [logits], { attributes: { axis: 1 } });
  const best = g.op('ArgMax', [probabilities], { attributes: { axis: 1, keepdims: 0 }, output: { dtype: 'int64', shape: ['N'] } });
  g.output(g.op('Gather', [g.string(['no', 'yes']), best], { output: { dtype: 'string', shape: ['N'] } }), 'prediction');
  g.output(probabilities, 'probabilities');
  return {
    bytes: g.toModelBytes({ producer: 'modelkeep' }),
    signature: {
      task: 'binary',
      inputs,
      outputs: [
        { name: 'prediction', onnxType: 'string', shape: [] },
        { name: 'probabilities', onnxType: 'float32', shape: [2] },
      ],
      classes: ['no', 'yes'],
      target: 'y',
    },
  };
}

/** One row as named columns. */
export function benchRow(): Record<string, number | string> {
  const random = counterRandom(9);
  return Object.fromEntries(
    benchModel().signature.inputs.map(({ name, onnxType }) => [
      name,
      onnxType === 'string' ? values[random.integer(4)]! : Math.fround(random.normal()),
    ]),
  );
}
