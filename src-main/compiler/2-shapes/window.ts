import { readInteger, readIntegers } from '../onnx/attributes.ts';
import type { Attributes, Shape } from '../onnx/graph.ts';
import { fixed } from './rules/shapeRule.ts';

/**
 * Windows that slide over an image, one number per spatial axis, all in elements: window `o` covers the image at
 * `o · stride − begin + k · dilation` for k < kernel. A transposed convolution spreads windows into an image by the same
 * numbers.
 */
export interface Windows {
  readonly image: readonly number[];
  readonly count: readonly number[];
  readonly kernel: readonly number[];
  readonly strides: readonly number[];
  readonly dilations: readonly number[];
  /** Padding before and behind the image. */
  readonly begins: readonly number[];
  readonly ends: readonly number[];
}

/** The windows of Conv and pooling — https://onnx.ai/onnx/operators/onnx__Conv.html, `auto_pad` resolved. */
export function windowsOver(operator: string, attributes: Attributes, image: Shape, kernel: Shape): Windows {
  const given = commonOf(operator, attributes, image, kernel);
  const { strides, dilations } = given;
  const ceil = readInteger(attributes, 'ceil_mode', 0) === 1;
  const axes = given.image.map((size, axis) => {
    const [stride, extent] = [strides[axis]!, extentOf(given.kernel[axis]!, dilations[axis]!)];
    if (given.autoPad === 'SAME_UPPER' || given.autoPad === 'SAME_LOWER') {
      const count = Math.ceil(size / stride);
      return { count, ...split(Math.max(0, (count - 1) * stride + extent - size), given.autoPad === 'SAME_UPPER') };
    }
    const [begin, end] = given.autoPad === 'VALID' ? [0, 0] : [given.pads[axis]!, given.pads[axis + given.image.length]!];
    const steps = (size + begin + end - extent) / stride;
    let count = (ceil ? Math.ceil(steps) : Math.floor(steps)) + 1;
    // A window that starts in the padding behind the image does not exist.
    if (ceil && (count - 1) * stride >= size + begin) count--;
    return { count, begin, end };
  });
  return checked(operator, {
    ...given,
    count: axes.map((each) => each.count),
    begins: axes.map((each) => each.begin),
    ends: axes.map((each) => each.end),
  });
}

/** The windows that ConvTranspose spreads — https://onnx.ai/onnx/operators/onnx__ConvTranspose.html */
export function windowsSpread(operator: string, attributes: Attributes, count: Shape, kernel: Shape): Windows {
  const given = commonOf(operator, attributes, count, kernel);
  const rank = count.length;
  const outputPadding = readIntegers(attributes, 'output_padding') ?? count.map(() => 0);
  const outputShape = readIntegers(attributes, 'output_shape')?.slice(-rank);
  const axes = given.image.map((windows, axis) => {
    const stride = given.strides[axis]!;
    const full = stride * (windows - 1) + outputPadding[axis]! + extentOf(given.kernel[axis]!, given.dilations[axis]!);
    const same = given.autoPad === 'SAME_UPPER' || given.autoPad === 'SAME_LOWER';
    if (!outputShape && !same) {
      const [begin, end] = given.autoPad === 'VALID' ? [0, 0] : [given.pads[axis]!, given.pads[axis + rank]!];
      return { size: full - begin - end, begin, end };
    }
    const size = outputShape?.[axis] ?? windows * stride;
    return { size, ...split(Math.max(0, full - size), given.autoPad === 'SAME_UPPER') };
  });
  return checked(operator, {
    ...given,
    count: given.image,
    image: axes.map((each) => each.size),
    begins: axes.map((each) => each.begin),
    ends: axes.map((each) => each.end),
  });
}

/** The attributes of a node over these windows, padding written out. */
export function windowAttributes({ kernel, strides, dilations, begins, ends }: Windows): Record<string, readonly number[]> {
  return { kernel_shape: kernel, strides, dilations, pads: [...begins, ...ends] };
}

/** Elements that a dilated kernel spans. */
export function extentOf(kernel: number, dilation: number): number {
  return (kernel - 1) * dilation + 1;
}

interface Common extends Pick<Windows, 'image' | 'kernel' | 'strides' | 'dilations'> {
  readonly pads: readonly number[];
  readonly autoPad: string;
}

function commonOf(operator: string, attributes: Attributes, image: Shape, kernel: Shape): Common {
  const ones = image.map(() => 1);
  const autoPad = attributes['auto_pad'];
  const common = {
    image: image.map((dim) => fixed(dim, `${operator}: a spatial size`)),
    kernel: kernel.map((dim) => fixed(dim, `${operator}: a kernel size`)),
    strides: readIntegers(attributes, 'strides') ?? ones,
    dilations: readIntegers(attributes, 'dilations') ?? ones,
    pads: readIntegers(attributes, 'pads') ?? [...ones, ...ones].map(() => 0),
    autoPad: autoPad?.kind === 'string' ? autoPad.value : 'NOTSET',
  };
  const { strides, dilations, pads } = common;
  if ([common.kernel, strides, dilations].some((each) => each.length !== image.length) || pads.length !== 2 * image.length)
    throw new Error(`${operator}: kernel, strides, dilations and pads do not all fit ${image.length} spatial axes.`);
  return common;
}

function split(total: number, moreBehind: boolean): { begin: number; end: number } {
  const less = Math.floor(total / 2);
  return moreBehind ? { begin: less, end: total - less } : { begin: total - less, end: less };
}

function checked(operator: string, windows: Windows & Partial<Common>): Windows {
  const { image, count, kernel, strides, dilations, begins, ends } = windows;
  if ([...image, ...count, ...kernel].some((each) => each < 1))
    throw new Error(
      `${operator}: a window of ${kernel.join('×')} does not fit ${image.join('×')} with padding ${begins.join()} and ${ends.join()}.`,
    );
  return { image, count, kernel, strides, dilations, begins, ends };
}
