import { readInteger } from '../../onnx/attributes.ts';
import { sameShape } from '../broadcast.ts';
import { fixed, fromEnd, like, type ShapeContext, type ShapeRule, type TensorType } from './shapeRule.ts';
import { constantNumber } from './slicing.ts';

export const indexing = {
  Gather: ({ inputs: [data, indices], attributes }) => {
    const axis = fromEnd(readInteger(attributes, 'axis', 0), data!.shape.length);
    return { dtype: data!.dtype, shape: [...data!.shape.slice(0, axis), ...indices!.shape, ...data!.shape.slice(axis + 1)] };
  },
  GatherElements: ({ inputs: [data, indices], attributes }) => {
    elementIndices('GatherElements', data!, indices!, readInteger(attributes, 'axis', 0));
    return { dtype: data!.dtype, shape: indices!.shape };
  },
  GatherND: ({ inputs: [data, indices], attributes }) => {
    const batchDims = readInteger(attributes, 'batch_dims', 0);
    const depth = indexDepth('GatherND', data!, indices!, batchDims);
    if (!sameShape(data!.shape.slice(0, batchDims), indices!.shape.slice(0, batchDims)))
      throw new Error(`GatherND: the first ${batchDims} sizes of [${data!.shape.join()}] and [${indices!.shape.join()}] differ.`);
    return { dtype: data!.dtype, shape: [...indices!.shape.slice(0, -1), ...data!.shape.slice(batchDims + depth)] };
  },
  ScatterElements: (context) => {
    const [data, indices, updates] = context.inputs;
    elementIndices('ScatterElements', data!, indices!, readInteger(context.attributes, 'axis', 0));
    if (!sameShape(indices!.shape, updates!.shape))
      throw new Error(`ScatterElements: updates [${updates!.shape.join()}] do not fit indices [${indices!.shape.join()}].`);
    return like(context);
  },
  ScatterND: (context: ShapeContext) => {
    const [data, indices, updates] = context.inputs;
    const depth = indexDepth('ScatterND', data!, indices!, 0);
    if (!sameShape([...indices!.shape.slice(0, -1), ...data!.shape.slice(depth)], updates!.shape))
      throw new Error(`ScatterND: updates [${updates!.shape.join()}] do not fit indices [${indices!.shape.join()}].`);
    return like(context);
  },
  TopK: ({ inputs: [x], attributes, constant }) => {
    const axis = fromEnd(readInteger(attributes, 'axis', -1), x!.shape.length);
    const count = constantNumber(constant(1), 'K');
    const size = fixed(x!.shape[axis], 'The size along the axis of TopK');
    if (count < 0 || count > size) throw new Error(`TopK: ${count} of ${size} elements.`);
    const shape = x!.shape.with(axis, count);
    return [
      { dtype: x!.dtype, shape },
      { dtype: 'int64', shape },
    ];
  },
  OneHot: ({ inputs: [indices, , values], attributes, constant }) => {
    const axis = fromEnd(readInteger(attributes, 'axis', -1), indices!.shape.length + 1);
    return { dtype: values!.dtype, shape: indices!.shape.toSpliced(axis, 0, constantNumber(constant(1), 'depth')) };
  },
} satisfies Record<string, ShapeRule>;

/** Indices of one axis: the same rank as the data, and no longer along the other axes. */
function elementIndices(operator: string, data: TensorType, indices: TensorType, listedAxis: number): void {
  const axis = fromEnd(listedAxis, data.shape.length);
  const fits = (dim: number | string, at: number): boolean => {
    const size = data.shape[at];
    return at === axis || dim === size || (typeof dim === 'number' && typeof size === 'number' && dim <= size);
  };
  if (indices.shape.length !== data.shape.length || !indices.shape.every(fits))
    throw new Error(`${operator}: indices [${indices.shape.join()}] do not fit [${data.shape.join()}] along axis ${axis}.`);
}

/** How many axes each index tuple names: the last size of the indices. */
function indexDepth(operator: string, data: TensorType, indices: TensorType, batchDims: number): number {
  const depth = fixed(indices.shape.at(-1), `The last size of the indices of ${operator}`);
  if (depth < 1 || batchDims + depth > data.shape.length || batchDims >= indices.shape.length)
    throw new Error(`${operator}: indices [${indices.shape.join()}] name more axes than [${data.shape.join()}] has.`);
  return depth;
}
