import type { Attributes } from '../../onnx/graph.ts';
import { padding, placeOf } from './convolution.ts';
import { resampling } from './resampling.ts';
import { eachIndex, fill, integersAttribute, numberAttribute, size, type Operator, type ReferenceTensor } from './tensors.ts';

export const pooling: Readonly<Record<string, Operator>> = {
  MaxPool: ([x], { attributes }) => maxPool(x!, attributes),
  AveragePool: ([x], { attributes }) => {
    const includePadding = numberAttribute(attributes, 'count_include_pad', 0) === 1;
    return pool(x!, attributes, ({ values, padded }) => {
      const sum = values.reduce((total, each) => total + each, 0);
      return sum / (includePadding ? padded : values.length);
    });
  },
  LpPool: ([x], { attributes }) => pool(x!, attributes, ({ values }) => norm(values, numberAttribute(attributes, 'p', 2))),
  GlobalMaxPool: ([x]) => globally(x!, (values) => Math.max(...values)),
  GlobalAveragePool: ([x]) => globally(x!, (values) => values.reduce((sum, each) => sum + each, 0) / values.length),
  GlobalLpPool: ([x], { attributes }) => globally(x!, (values) => norm([...values], numberAttribute(attributes, 'p', 2))),
  MaxUnpool: ([x, indices, wanted], { attributes }) => {
    const kernel = integersAttribute(attributes, 'kernel_shape')!;
    const { strides, begins, ends } = padding(attributes, kernel, kernel);
    const shape = wanted
      ? [...wanted.data]
      : [
          ...x!.shape.slice(0, 2),
          ...kernel.map((each, axis) => (x!.shape[axis + 2]! - 1) * strides[axis]! + each - begins[axis]! - ends[axis]!),
        ];
    const output = { shape, data: new Float64Array(size(shape)) };
    x!.data.forEach((each, at) => {
      output.data[indices!.data[at]!] = each;
    });
    return output;
  },
  ...resampling,
};

interface Window {
  /** Elements inside the image, in row order. */
  readonly values: readonly number[];
  /** Their offsets within the channel. */
  readonly offsets: readonly number[];
  /** Number of taps inside image and padding. */
  readonly padded: number;
}

function maxPool(x: ReferenceTensor, attributes: Attributes): ReferenceTensor[] {
  const image = x.shape.slice(2);
  const columnMajor = numberAttribute(attributes, 'storage_order', 0) === 1;
  const winner = ({ values }: Window): number => values.indexOf(Math.max(...values));
  return [
    pool(x, attributes, (window) => window.values[winner(window)]!),
    pool(x, attributes, (window, channel) => {
      const offset = window.offsets[winner(window)]!;
      return channel * size(image) + (columnMajor ? columnMajorOffset(image, offset) : offset);
    }),
  ];
}

function columnMajorOffset(image: readonly number[], offset: number): number {
  let [rest, result] = [offset, 0];
  const index: number[] = [];
  for (const each of image.toReversed()) {
    index.unshift(rest % each);
    rest = Math.floor(rest / each);
  }
  for (let axis = image.length - 1; axis >= 0; axis--) result = result * image[axis]! + index[axis]!;
  return result;
}

function pool(x: ReferenceTensor, attributes: Attributes, value: (window: Window, channel: number) => number): ReferenceTensor {
  const [batch, channels, ...image] = x.shape;
  const kernel = integersAttribute(attributes, 'kernel_shape')!;
  const { strides, dilations, begins, ends } = padding(attributes, image, kernel);
  const round = numberAttribute(attributes, 'ceil_mode', 0) === 1 ? Math.ceil : Math.floor;
  const count = image.map((each, axis) => {
    const span = each + begins[axis]! + ends[axis]!;
    const windows = round((span - (kernel[axis]! - 1) * dilations[axis]! - 1) / strides[axis]!) + 1;
    return (windows - 1) * strides[axis]! >= each + begins[axis]! ? windows - 1 : windows;
  });
  const area = size(image);
  return fill([batch!, channels!, ...count], ([n, c, ...at]) => {
    const channel = n! * channels! + c!;
    const offsets: number[] = [];
    let padded = 0;
    eachIndex(kernel, (tap) => {
      const reachable = tap.every(
        (k, axis) => at[axis]! * strides[axis]! + k * dilations[axis]! - begins[axis]! < image[axis]! + ends[axis]!,
      );
      if (reachable) padded++;
      const offset = placeOf(at, tap, image, strides, dilations, begins);
      if (offset !== undefined) offsets.push(offset);
    });
    return value({ values: offsets.map((offset) => x.data[channel * area + offset]!), offsets, padded }, channel);
  });
}

function globally(x: ReferenceTensor, value: (values: Float64Array) => number): ReferenceTensor {
  const area = size(x.shape.slice(2));
  return fill(
    x.shape.map((dim, axis) => (axis < 2 ? dim : 1)),
    ([n, c]) => {
      const start = (n! * x.shape[1]! + c!) * area;
      return value(x.data.subarray(start, start + area));
    },
  );
}

function norm(values: readonly number[], p: number): number {
  return values.reduce((sum, each) => sum + Math.abs(each) ** p, 0) ** (1 / p);
}
