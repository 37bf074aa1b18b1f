import { eachIndex, integersAttribute, numberAttribute, size, textAttribute, type Operator, type ReferenceTensor } from './tensors.ts';
import type { Attributes } from '../../onnx/graph.ts';

export const convolution: Readonly<Record<string, Operator>> = {
  Conv: ([x, w, b], { attributes }) => conv(x!, w!, b, attributes),
  Col2Im: ([input, imageShape, blockShape], { attributes }) => col2Im(input!, [...imageShape!.data], [...blockShape!.data], attributes),
  ConvTranspose: ([x, w, b], { attributes }) => convTranspose(x!, w!, b, attributes),
};

/** Every product of an element with a weight, one by one. */
function conv(x: ReferenceTensor, w: ReferenceTensor, b: ReferenceTensor | undefined, attributes: Attributes): ReferenceTensor {
  const [[batch, channels, ...image], [outputs, perGroup, ...kernel]] = [x.shape, w.shape];
  const group = numberAttribute(attributes, 'group', 1);
  const { strides, dilations, begins, ends } = padding(attributes, image, kernel);
  const count = image.map((each, axis) =>
    Math.floor((each + begins[axis]! + ends[axis]! - dilations[axis]! * (kernel[axis]! - 1) - 1) / strides[axis]! + 1),
  );
  const y = { shape: [batch!, outputs!, ...count], data: new Float64Array(size([batch!, outputs!, ...count])) };
  const [imageSize, kernelSize, countSize] = [size(image), size(kernel), size(count)];
  eachIndex(count, (window, o) => {
    eachIndex(kernel, (tap, k) => {
      const at = placeOf(window, tap, image, strides, dilations, begins);
      if (at === undefined) return;
      for (let n = 0; n < batch!; n++)
        for (let m = 0; m < outputs!; m++)
          for (let c = 0; c < perGroup!; c++) {
            const channel = Math.floor(m / (outputs! / group)) * perGroup! + c;
            y.data[(n * outputs! + m) * countSize + o]! +=
              x.data[(n * channels! + channel) * imageSize + at]! * w.data[(m * perGroup! + c) * kernelSize + k]!;
          }
    });
  });
  return withBias(y, b);
}

function convTranspose(x: ReferenceTensor, w: ReferenceTensor, b: ReferenceTensor | undefined, attributes: Attributes): ReferenceTensor {
  const [[batch, channels, ...count], [, perGroup, ...kernel]] = [x.shape, w.shape];
  const group = numberAttribute(attributes, 'group', 1);
  const ones = count.map(() => 1);
  const [strides, dilations] = [integersAttribute(attributes, 'strides') ?? ones, integersAttribute(attributes, 'dilations') ?? ones];
  const extra = integersAttribute(attributes, 'output_padding') ?? ones.map(() => 0);
  const full = count.map((each, axis) => strides[axis]! * (each - 1) + extra[axis]! + (kernel[axis]! - 1) * dilations[axis]! + 1);
  const autoPad = textAttribute(attributes, 'auto_pad', 'NOTSET');
  const wanted =
    integersAttribute(attributes, 'output_shape') ??
    (autoPad.startsWith('SAME') ? count.map((each, axis) => each * strides[axis]!) : undefined);
  const pads = integersAttribute(attributes, 'pads') ?? [...ones, ...ones].map(() => 0);
  const image = wanted ?? full.map((each, axis) => each - pads[axis]! - pads[axis + count.length]!);
  const begins = wanted
    ? full.map((each, axis) => (autoPad === 'SAME_UPPER' ? Math.floor : Math.ceil)((each - wanted[axis]!) / 2))
    : pads.slice(0, count.length);
  const outputs = perGroup! * group;
  const y = { shape: [batch!, outputs, ...image], data: new Float64Array(size([batch!, outputs, ...image])) };
  const [imageSize, kernelSize, countSize] = [size(image), size(kernel), size(count)];
  eachIndex(count, (window, o) => {
    eachIndex(kernel, (tap, k) => {
      const at = placeOf(window, tap, image, strides, dilations, begins);
      if (at === undefined) return;
      for (let n = 0; n < batch!; n++)
        for (let c = 0; c < channels!; c++)
          for (let m = 0; m < perGroup!; m++) {
            const output = Math.floor(c / (channels! / group)) * perGroup! + m;
            y.data[(n * outputs + output) * imageSize + at]! +=
              x.data[(n * channels! + c) * countSize + o]! * w.data[(c * perGroup! + m) * kernelSize + k]!;
          }
    });
  });
  return withBias(y, b);
}

function col2Im(input: ReferenceTensor, image: readonly number[], block: readonly number[], attributes: Attributes): ReferenceTensor {
  const { strides, dilations, begins, ends } = padding(attributes, image, block);
  const count = image.map((each, axis) =>
    Math.floor((each + begins[axis]! + ends[axis]! - dilations[axis]! * (block[axis]! - 1) - 1) / strides[axis]! + 1),
  );
  const [batch, rows, blocks] = input.shape as [number, number, number];
  const channels = rows / size(block);
  const output = { shape: [batch, channels, ...image], data: new Float64Array(batch * channels * size(image)) };
  eachIndex(count, (window, o) => {
    eachIndex(block, (tap, k) => {
      const at = placeOf(window, tap, image, strides, dilations, begins);
      if (at === undefined) return;
      for (let each = 0; each < batch * channels; each++)
        output.data[each * size(image) + at]! += input.data[(each * size(block) + k) * blocks + o]!;
    });
  });
  return output;
}

/** Offset in the image of a kernel element, or undefined in the padding. */
export function placeOf(
  window: readonly number[],
  tap: readonly number[],
  image: readonly number[],
  strides: readonly number[],
  dilations: readonly number[],
  begins: readonly number[],
): number | undefined {
  let offset = 0;
  for (let axis = 0; axis < image.length; axis++) {
    const at = window[axis]! * strides[axis]! + tap[axis]! * dilations[axis]! - begins[axis]!;
    if (at < 0 || at >= image[axis]!) return undefined;
    offset = offset * image[axis]! + at;
  }
  return offset;
}

/** Attributes of Conv and pooling with `auto_pad` worked out as the specification writes it. */
export function padding(
  attributes: Attributes,
  image: readonly number[],
  kernel: readonly number[],
): { strides: readonly number[]; dilations: readonly number[]; begins: number[]; ends: number[] } {
  const ones = image.map(() => 1);
  const [strides, dilations] = [integersAttribute(attributes, 'strides') ?? ones, integersAttribute(attributes, 'dilations') ?? ones];
  const autoPad = textAttribute(attributes, 'auto_pad', 'NOTSET');
  if (!autoPad.startsWith('SAME')) {
    const pads = autoPad === 'VALID' ? undefined : integersAttribute(attributes, 'pads');
    return {
      strides,
      dilations,
      begins: image.map((_, axis) => pads?.[axis] ?? 0),
      ends: image.map((_, axis) => pads?.[axis + image.length] ?? 0),
    };
  }
  const totals = image.map((each, axis) => {
    const windows = Math.floor((each - 1) / strides[axis]!) + 1;
    return Math.max(0, (windows - 1) * strides[axis]! + (kernel[axis]! - 1) * dilations[axis]! + 1 - each);
  });
  const [less, more] = [totals.map((each) => Math.floor(each / 2)), totals.map((each) => Math.ceil(each / 2))];
  return { strides, dilations, begins: autoPad === 'SAME_UPPER' ? less : more, ends: autoPad === 'SAME_UPPER' ? more : less };
}

function withBias(y: ReferenceTensor, b: ReferenceTensor | undefined): ReferenceTensor {
  if (!b) return y;
  const [, channels, ...spatial] = y.shape;
  const area = size(spatial);
  return { shape: y.shape, data: y.data.map((each, at) => each + b.data[Math.floor(at / area) % channels!]!) };
}
