import type { GraphNode } from '../../onnx/graph.ts';
import { besideNumber, definePattern, factorsOf, factorsOfNode, near, type PatternContext } from './definePattern.ts';

/** As PyTorch writes nn.GELU() and transformers' "gelu": the factors ½, x and 1 + erf in any order, x divided by √2 or times √½. */
export const gelu = definePattern({
  operator: 'Gelu',
  formula: '½ · x · (1 + erf(x / √2))',
  ends: ['Mul', 'Div'],
  match(end, context) {
    const found = halfTimes(end, 'Erf', context);
    if (!found) return undefined;
    const { number, values } = factorsOf(found.inner, context);
    return values.length === 1 && values[0] === found.x && near(number, Math.SQRT1_2) ? { inputs: [found.x], attributes: {} } : undefined;
  },
});

/** As PyTorch's GELU(approximate='tanh') and transformers' "gelu_new" and "gelu_fast". */
export const tanhGelu = definePattern({
  operator: 'Gelu',
  formula: '½ · x · (1 + tanh(√(2/π) · (x + 0.044715 · x³))), or with x · (1 + 0.044715 · x²)',
  ends: ['Mul', 'Div'],
  match(end, context) {
    const found = halfTimes(end, 'Tanh', context);
    if (!found) return undefined;
    const { x, inner } = found;
    const { number, values } = factorsOf(inner, context);
    // gelu_fast writes √(2/π) with seven digits.
    if (!near(number, Math.sqrt(2 / Math.PI))) return undefined;
    const [sum] = values.filter((each) => each !== x);
    const factored = values.length === 2 && values.includes(x);
    if (sum === undefined || (!factored && values.length !== 1)) return undefined;
    const add = context.madeBy(sum, 'Add');
    const small = factored ? besideNumber(add, 1, context) : besideValue(add, x);
    const isCubic = small !== undefined && isPower(small, x, factored ? 2 : 3, context);
    return isCubic ? { inputs: [x], attributes: { approximate: { kind: 'string', value: 'tanh' } } } : undefined;
  },
});

/** x and the operator's input where a product is ½ · x · (1 + operator(…)). */
function halfTimes(end: GraphNode, operator: string, context: PatternContext): { x: string; inner: string } | undefined {
  const { number, values } = factorsOfNode(end, context);
  if (values.length !== 2 || !near(number, 0.5)) return undefined;
  for (const [x, sum] of [values, values.toReversed()] as [string, string][]) {
    const inner = context.madeBy(besideNumber(context.madeBy(sum, 'Add'), 1, context), operator)?.inputs[0];
    if (inner !== undefined) return { x, inner };
  }
  return undefined;
}

function besideValue(add: GraphNode | undefined, x: string): string | undefined {
  const [left, right] = add?.inputs ?? [];
  return left === x ? right : right === x ? left : undefined;
}

/** 0.044715 · x^power, the power as Pow or as a product. */
function isPower(name: string, x: string, power: number, context: PatternContext): boolean {
  const { number, values } = factorsOf(name, context);
  const powers = values.map((each) => {
    if (each === x) return 1;
    const pow = context.madeBy(each, 'Pow');
    return pow?.inputs[0] === x ? (context.number(pow.inputs[1]) ?? NaN) : NaN;
  });
  return near(number, 0.044715, 1e-5) && powers.reduce((sum, each) => sum + each, 0) === power;
}
