import { windowsOver, windowsSpread, type Windows } from '../../2-shapes/window.ts';
import { readInteger, readIntegers } from '../../onnx/attributes.ts';
import { backwardWeight, convolve, forwardWeight, kernelGradientByColumns, kernelGradientByQuarters } from './blockedConvolution.ts';
import type { Quarters } from './BlockedValues.ts';
import { kernelGradientByBatch, nearlyFillsBlocks } from './kernelGradientByBatch.ts';
import { isHalving } from './maximumSites.ts';
import { columnsOf, imageOfRows, overlay, paysAsProduct, pixelRows, weightRows } from './productConvolution.ts';
import type { GraphFacts, Site } from './site.ts';

/** Y = Conv(X, W, B), or a weight gradient in the form of one. */
export function convolution({ node, values, graph }: Site): boolean {
  if (node.opType !== 'Conv' || readInteger(node.attributes, 'group', 1) !== 1) return false;
  const [x, w, b] = node.inputs as [string, string, string | undefined];
  const image = values.shapeOf(x);
  const kernel = values.shapeOf(w);
  if (image?.length !== 4 || kernel?.length !== 4 || !image.every((dim) => typeof dim === 'number')) return false;
  if (kernelGradient({ node, values, graph })) return true;
  const [outputs, channels] = kernel.map(Number) as [number, number];
  const fits = outputs % values.block === 0 && (channels < values.block || channels % values.block === 0);
  if (!fits || values.shapeOf(w) === undefined || graph.maker(w) !== undefined) return false;
  const { g } = values;
  const windows = windowsOver('Conv', node.attributes, image.slice(2), kernel.slice(2));
  const [y] = node.outputs as [string];
  if (paysAsProduct(windows, Number(image[0]), outputs)) {
    const product = g.op(
      'Gemm',
      [columnsOf(g, values.plain(x), windows), weightRows(g, values.plain(w)), b ? values.plain(b) : undefined],
      { transB: 1 },
    );
    values.setBlocked(y, imageOfRows(g, product, Number(image[0]), windows.count, values.block));
    return true;
  }
  const source = channels < values.block ? values.plain(x) : values.blocked(x);
  const weight = forwardWeight(g, values.plain(w), values.block);
  const bias = b ? values.plain(b) : undefined;
  const { strides, dilations, begins, ends } = windows;
  const halves = halvedBy({ node, values, graph }) && quarterPads(windows);
  if (halves) {
    const quarters = halves.map((pads) => convolve(g, source, weight, bias, { strides: [2, 2], dilations, pads }));
    values.setQuarters(y, quarters as unknown as Quarters);
  } else {
    values.setBlocked(y, convolve(g, source, weight, bias, { strides, dilations, pads: [...begins, ...ends] }));
  }
  return true;
}

/** dX = ConvTranspose(dY, W): of a convolution with stride 1, or as a product. */
export function inputGradient({ node, values, graph }: Site): boolean {
  if (node.opType !== 'ConvTranspose' || readInteger(node.attributes, 'group', 1) !== 1 || node.inputs.length > 2) return false;
  const [dy, w] = node.inputs as [string, string];
  const [counted, kernel] = [values.shapeOf(dy), values.shapeOf(w)];
  const pads = readIntegers(node.attributes, 'pads');
  const strides = readIntegers(node.attributes, 'strides');
  if (!values.canBlock(counted) || kernel?.length !== 4 || graph.maker(w)) return false;
  const { g } = values;
  const windows = windowsSpread('ConvTranspose', node.attributes, counted!.slice(2), kernel.slice(2));
  if (paysAsProduct(windows, Number(counted![0]), Number(kernel[0]))) {
    const columns = g.gemm(pixelRows(g, values.blocked(dy), values.block), weightRows(g, values.plain(w)));
    values.setPlain(node.outputs[0]!, overlay(g, columns, Number(counted![0]), windows));
    return true;
  }
  if (Number(kernel[1]) % values.block !== 0) return false;
  const padded = (readIntegers(node.attributes, 'output_padding') ?? []).some((each) => each !== 0);
  if (!pads || strides?.some((each) => each !== 1) || padded || node.attributes['auto_pad'] || node.attributes['output_shape'])
    return false;
  const dilations = readIntegers(node.attributes, 'dilations') ?? [1, 1];
  const turned = pads.map((pad, at) => (Number(kernel[2 + (at % 2)]) - 1) * dilations[at % 2]! - pad);
  if (turned.some((each) => each < 0)) return false;
  const weight = backwardWeight(values.g, values.plain(w), values.block);
  values.setBlocked(
    node.outputs[0]!,
    convolve(values.g, values.blocked(dy), weight, undefined, { strides: [1, 1], dilations, pads: turned }),
  );
  return true;
}

/** dW (channels first) as gradients/convolution writes it: Conv(the image with batch and channels exchanged, dY likewise). */
function kernelGradient({ node, values, graph }: Site): boolean {
  const [image, counted] = [exchangedImage(node.inputs[0]!, graph), exchanged(node.inputs[1]!, graph)];
  if (image === undefined || counted === undefined) return false;
  const [x, dy] = [values.shapeOf(image), values.shapeOf(counted)];
  if (x?.length !== 4 || !values.canBlock(dy)) return false;
  // The roles are exchanged: this node's strides are the dilations of the convolution whose weight it is.
  const [strides, dilations] = [readIntegers(node.attributes, 'dilations') ?? [1, 1], readIntegers(node.attributes, 'strides') ?? [1, 1]];
  const pads = readIntegers(node.attributes, 'pads') ?? [0, 0, 0, 0];
  const [begins, ends] = [pads.slice(0, 2), pads.slice(2)];
  const size = x.slice(2).map(Number);
  const count = dy!.slice(2).map(Number);
  const kernel = size.map(
    (each, at) => Math.floor((each + begins[at]! + ends[at]! - (count[at]! - 1) * strides[at]! - 1) / dilations[at]!) + 1,
  );
  const windows = { image: size, count, kernel, strides, dilations, begins, ends };
  const { g, block } = values;
  const quarters = values.quarters(counted);
  if (paysAsProduct(windows, Number(x[0]), Number(dy![1]))) {
    const rows = g.gemm(pixelRows(g, values.blocked(counted), block), columnsOf(g, values.plain(image), windows), { transA: 1 });
    values.setPlain(node.outputs[0]!, g.transpose(g.reshape(rows, [Number(dy![1]), Number(x[1]), ...kernel]), [1, 0, 2, 3]));
    return true;
  }
  const few = Number(x[1]) < block;
  const unit = [...strides, ...dilations].every((each) => each === 1);
  if (few && quarters && unit) {
    values.setPlain(node.outputs[0]!, kernelGradientByQuarters(g, values.plain(image), quarters, windows, block));
    return true;
  }
  // Rows of fewer than six results would be slow: see `kernelGradientByBatch`.
  const long = Number(x[1]) * kernel[1]! >= 6;
  if (nearlyFillsBlocks(Number(x[0]), block) && dilations[1] === 1 && long && (few || values.canBlock(x))) {
    const source = { image: few ? values.plain(image) : values.blocked(image), blocked: !few };
    values.setPlain(node.outputs[0]!, kernelGradientByBatch(g, source, values.blocked(counted), windows, block));
    return true;
  }
  if (few) {
    values.setPlain(node.outputs[0]!, kernelGradientByColumns(g, values.plain(image), values.blocked(counted), windows, block));
    return true;
  }
  return false;
}

/** Whether only a 2×2 maximum reads the convolution. */
function halvedBy({ node, graph }: Site): boolean {
  const [y] = node.outputs as [string];
  const readers = graph.readers(y);
  return readers.length === 1 && !graph.isOutput(y) && isHalving(readers[0]!);
}

/** Padding of the four convolutions of stride 2 that give the pixels (2i + p, 2j + q); undefined where one would be negative. */
function quarterPads({ image, count, kernel, strides, dilations, begins }: Windows): number[][] | undefined {
  if (strides.some((each) => each !== 1) || dilations.some((each) => each !== 1) || count.some((each) => each % 2 !== 0)) return undefined;
  const pads = [0, 1, 2, 3].map((at) => {
    const first = [at >> 1, at & 1].map((shift, axis) => begins[axis]! - shift);
    const last = first.map((begin, axis) => count[axis]! - 2 + kernel[axis]! - image[axis]! - begin);
    return [...first, ...last];
  });
  return pads.flat().every((each) => each >= 0) ? pads : undefined;
}

/** v of Transpose_{1,0,2,3}(v). */
function exchanged(name: string, graph: GraphFacts): string | undefined {
  const node = graph.maker(name);
  return node?.opType === 'Transpose' && readIntegers(node.attributes, 'perm')?.join() === '1,0,2,3' ? node.inputs[0] : undefined;
}

/** The same through a group axis of one: Reshape(Transpose_{2,1,0,3,4}(Reshape(v))). */
function exchangedImage(name: string, graph: GraphFacts): string | undefined {
  const direct = exchanged(name, graph);
  if (direct !== undefined) return direct;
  const reshaped = graph.maker(name);
  const turned = reshaped?.opType === 'Reshape' ? graph.maker(reshaped.inputs[0]!) : undefined;
  const source =
    turned?.opType === 'Transpose' && readIntegers(turned.attributes, 'perm')?.join() === '2,1,0,3,4'
      ? graph.maker(turned.inputs[0]!)
      : undefined;
  return source?.opType === 'Reshape' ? source.inputs[0] : undefined;
}
