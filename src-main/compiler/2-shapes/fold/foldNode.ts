import { readInteger } from '../../onnx/attributes.ts';
import type { Attributes, DataType, Shape, TensorData } from '../../onnx/graph.ts';
import { broadcastShapes } from '../broadcast.ts';
import { elementwise } from './elementwise.ts';
import { constantTensor, making, shapeTensor } from './making.ts';
import { movement } from './movement.ts';
import { count, integers, toNumbers, toTensor, type Evaluator, type Numbers } from './numbers.ts';
import { reduction } from './reduction.ts';

/** An input of a node: its type, and its value where that is a constant. */
export interface FoldInput {
  readonly dtype: DataType;
  readonly shape: Shape;
  readonly constant?: TensorData | undefined;
}

/** Larger constants stay as they are: they are weights, and the runtime folds them when it loads the graph. */
const maxElements = 65_536;

const evaluators: Readonly<Record<string, Evaluator>> = { ...elementwise, ...movement, ...reduction, ...making };

/** Operators that `foldNode` evaluates, by their ONNX names. */
export const foldedOperators: readonly string[] = ['Constant', 'Shape', 'Size', ...Object.keys(evaluators)].toSorted();

/**
 * Evaluates a node (opset 21) whose inputs are constants, and `Shape` and `Size` of a tensor whose sizes are known. Once
 * batch and sequence are bound, the Shape → Gather → Concat → Reshape chains of exported models become constants by it.
 *
 * Undefined where the node is not constant, too large, or not one of `foldedOperators`.
 */
export function foldNode(
  operator: string,
  inputs: readonly (FoldInput | undefined)[],
  attributes: Attributes,
  outputCount: number,
): readonly TensorData[] | undefined {
  if (operator === 'Constant') return present(constantTensor(attributes));
  if (operator === 'Shape' || operator === 'Size') return sizesOf(operator, inputs[0]!.shape, attributes);
  const evaluate = Object.hasOwn(evaluators, operator) ? evaluators[operator] : undefined;
  if (!evaluate || !inputs.every((each) => !each || (each.constant && each.constant.data.length <= maxElements))) return undefined;
  // Types that float64 does not carry may still be handed on.
  if (operator === 'Identity') return present(inputs[0]!.constant);
  const numbers = inputs.map((each) => each && toNumbers(each.constant!));
  if (numbers.some((each, at) => inputs[at] && !each) || tooLarge(operator, numbers, attributes)) return undefined;
  const results = evaluate(numbers, { attributes, outputCount });
  return results && [results].flat().map(toTensor);
}

function sizesOf(operator: 'Shape' | 'Size', shape: Shape, attributes: Attributes): readonly TensorData[] | undefined {
  if (!shape.every((dim) => typeof dim === 'number')) return undefined;
  if (operator === 'Size') return [toTensor(integers([count(shape)], 'int64', []))];
  return [toTensor(shapeTensor(shape, readInteger(attributes, 'start', 0), readInteger(attributes, 'end', shape.length)))];
}

/** How many elements an operator makes where that can be more than what goes in. */
function tooLarge(operator: string, inputs: readonly (Numbers | undefined)[], attributes: Attributes): boolean {
  const [first, second, third] = inputs;
  return elements() > maxElements;

  function elements(): number {
    switch (operator) {
      case 'ConstantOfShape':
        return count([...first!.data]);
      case 'Expand':
        return count(broadcastShapes(first!.shape, [...second!.data]) as number[]);
      case 'Tile':
        return first!.data.length * count([...second!.data]);
      case 'Range':
        return Math.abs((second!.data[0]! - first!.data[0]!) / third!.data[0]!);
      case 'Gather':
        return (first!.data.length / (first!.shape.at(readInteger(attributes, 'axis', 0)) ?? 1)) * second!.data.length;
      default:
        return Object.hasOwn(elementwise, operator) && operator !== 'Clip' && operator !== 'CastLike'
          ? count(inputs.reduce<readonly number[]>((shape, each) => (each ? (broadcastShapes(shape, each.shape) as number[]) : shape), []))
          : 0;
    }
  }
}

function present(tensor: TensorData | undefined): readonly TensorData[] | undefined {
  return tensor && [tensor];
}
