import { sameShape } from '../../2-shapes/broadcast.ts';
import { typed, TypedOps, type TypedValue } from '../../2-shapes/typedOps.ts';
import type { KnownOperator } from '../../2-shapes/shapeRules.ts';
import { windowsOver, windowsSpread } from '../../2-shapes/window.ts';
import { readInteger, readIntegers } from '../../onnx/attributes.ts';
import type { Graph, GraphNode, Shape } from '../../onnx/graph.ts';
import { GraphBuilder } from '../../onnx/graphBuilder.ts';
import { rebindSubgraphs } from '../../onnx/subgraphs.ts';
import { tidy } from '../rewrite.ts';
import { compute, plus, times } from './affine.ts';
import { BlockedValues, type Quarters } from './BlockedValues.ts';
import {
  backwardWeight,
  convolve,
  forwardWeight,
  kernelGradientByBatch,
  kernelGradientByColumns,
  kernelGradientByQuarters,
} from './blockedConvolution.ts';
import { columnsOf, imageOfRows, overlay, paysAsProduct, pixelRows, weightRows } from './productConvolution.ts';

/** Where channels are blocked: see `blockChannels`. */
interface Site {
  readonly node: GraphNode;
  readonly values: BlockedValues;
  readonly graph: GraphFacts;
}

/** Elementwise operators that do not care in which order elements lie. */
const elementwise = new Set(
  (
    'Add Sub Mul Div Max Min Neg Abs Exp Log Sqrt Reciprocal Relu LeakyRelu Elu Sigmoid Tanh Erf Gelu Softplus HardSigmoid HardSwish ' +
    'Cast Greater GreaterOrEqual Less LessOrEqual Equal Not And Or Where Pow Clip Identity Sign'
  ).split(' '),
);

/**
 * Chooses the layout: convolutions of images [N, C, H, W] over whole blocks of channels become ONNX Runtime's blocked ones,
 * with weights reordered in the graph (before the loop over micro-batches), and everything between them stays in blocks. With
 * weights as inputs ONNX Runtime itself keeps them plain, which is half as fast: 5.1 against 10.4 ms for the forward pass
 * of two layers.
 *
 * - Input gradient: the same convolution with the kernel turned round. Strides above 1 stay ConvTranspose.
 * - Weight gradient: a convolution with the batch as channels where the batch fills blocks, columns times matrix where the
 *   image has fewer channels than a block; else as it was.
 * - A 2×2 maximum of a convolution: four convolutions of every second pixel, a tree of Max; backward by comparisons in which
 *   the first of equals wins, as ONNX Runtime's indices do. No index, no full-size image.
 *
 * `block` comes from `probeBlockedChannels`. The result is the same up to the order of sums.
 */
export function blockChannels(graph: Graph, block: number): Graph {
  const builder = new GraphBuilder(graph.name);
  const g = new TypedOps(builder);
  const values = new BlockedValues(g, block);
  const reserved = new Set(graph.outputs.map((each) => each.name));
  for (const each of graph.inputs) values.setPlain(each.name, typed(builder.input(each.name, each.dtype, each.shape)));
  for (const [name, tensor] of graph.initializers) values.setPlain(name, g.constant(tensor));
  const facts = factsOf(graph);
  for (const node of graph.nodes) {
    const site = { node, values, graph: facts };
    const done =
      node.domain === '' &&
      (convolution(site) ||
        inputGradient(site) ||
        maximum(site) ||
        maximumGradient(site) ||
        normalisation(site) ||
        channelReduction(site) ||
        byChannel(site) ||
        rectified(site) ||
        anyOrder(site));
    if (done) continue;
    const inputs = node.inputs.map((name) => (name === '' ? undefined : values.plain(name)));
    const attributes = rebindSubgraphs(
      node.attributes,
      (name) => (values.shapeOf(name) ? values.plain(name).name : name),
      (name) => builder.uniqueName(name),
    );
    const names = node.outputs.map((name) => builder.uniqueName(name === '' || reserved.has(name) ? node.opType : name));
    const operator = (node.domain === '' ? node.opType : `${node.domain}.${node.opType}`) as KnownOperator;
    g.node(operator, inputs, attributes, names).forEach((each, at) => {
      if (node.outputs[at] !== '') values.setPlain(node.outputs[at]!, each);
    });
  }
  for (const each of graph.outputs) builder.output(values.plain(each.name), each.name);
  return tidy(builder.build());
}

interface GraphFacts {
  maker(name: string): GraphNode | undefined;
  readers(name: string): readonly GraphNode[];
  isOutput(name: string): boolean;
}

function factsOf(graph: Graph): GraphFacts {
  const makers = new Map(graph.nodes.flatMap((node) => node.outputs.map((name): [string, GraphNode] => [name, node])));
  const readers = new Map<string, GraphNode[]>();
  for (const node of graph.nodes) for (const name of node.inputs) readers.set(name, [...(readers.get(name) ?? []), node]);
  const outputs = new Set(graph.outputs.map((each) => each.name));
  return { maker: (name) => makers.get(name), readers: (name) => readers.get(name) ?? [], isOutput: (name) => outputs.has(name) };
}

function convolution({ node, values, graph }: Site): boolean {
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

/** Whether only a 2×2 maximum reads the convolution. */
function halvedBy({ node, graph }: Site): boolean {
  const [y] = node.outputs as [string];
  const readers = graph.readers(y);
  return readers.length === 1 && !graph.isOutput(y) && isHalving(readers[0]!);
}

function isHalving({ opType, attributes }: GraphNode): boolean {
  const two = (name: string): boolean => readIntegers(attributes, name)?.join() === '2,2';
  const none = (name: string, value: number): boolean => readIntegers(attributes, name)?.every((each) => each === value) ?? true;
  const plain =
    readInteger(attributes, 'ceil_mode', 0) === 0 && readInteger(attributes, 'storage_order', 0) === 0 && !attributes['auto_pad'];
  return opType === 'MaxPool' && two('kernel_shape') && two('strides') && none('pads', 0) && none('dilations', 1) && plain;
}

/** Padding of the four convolutions of stride 2 that give the pixels (2i + p, 2j + q); undefined where one would be negative. */
function quarterPads({ image, count, kernel, strides, dilations, begins }: ReturnType<typeof windowsOver>): number[][] | undefined {
  if (strides.some((each) => each !== 1) || dilations.some((each) => each !== 1) || count.some((each) => each % 2 !== 0)) return undefined;
  const pads = [0, 1, 2, 3].map((at) => {
    const first = [at >> 1, at & 1].map((shift, axis) => begins[axis]! - shift);
    const last = first.map((begin, axis) => count[axis]! - 2 + kernel[axis]! - image[axis]! - begin);
    return [...first, ...last];
  });
  return pads.flat().every((each) => each >= 0) ? pads : undefined;
}

/** dX = ConvTranspose(dY, W): of a convolution with stride 1, or as a product. */
function inputGradient({ node, values, graph }: Site): boolean {
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
  if (Number(x[1]) < block) {
    const unit = [...strides, ...dilations].every((each) => each === 1);
    const result =
      quarters && unit
        ? kernelGradientByQuarters(g, values.plain(image), quarters, windows, block)
        : kernelGradientByColumns(g, values.plain(image), values.blocked(counted), windows, block);
    values.setPlain(node.outputs[0]!, result);
    return true;
  }
  if (Number(x[0]) % block !== 0) return false;
  values.setPlain(node.outputs[0]!, kernelGradientByBatch(g, values.plain(image), values.blocked(counted), windows, block));
  return true;
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

function maximum({ node, values }: Site): boolean {
  const [x] = node.inputs as [string];
  if (!isHalving(node) || !values.isBlocked(x)) return false;
  const { g } = values;
  const quarters = values.quarters(x) ?? split(values, x);
  if (!quarters) return false;
  const [top, bottom] = [g.op('Max', quarters.slice(0, 2)), g.op('Max', quarters.slice(2))];
  values.setBlocked(node.outputs[0]!, g.op('Max', [top, bottom]));
  // Stands for the indices, of which only the maximum's gradient asks.
  if (node.outputs[1]) values.setQuarters(node.outputs[1], quarters);
  return true;
}

/** Cuts an image into quarters: two passes. */
function split(values: BlockedValues, x: string): Quarters | undefined {
  const { g, block } = values;
  const image = values.blocked(x);
  const [rows, channels, height, width] = image.shape.map(Number) as [number, number, number, number];
  if (height % 2 !== 0 || width % 2 !== 0) return undefined;
  const lines = g.reshape(image, [(rows * channels * height) / block / 2, 2 * width * block]);
  const quarters = g.node('Split', [lines], { axis: 1, num_outputs: 2 }, 2).flatMap((each) => {
    const pairs = g.reshape(each, [(rows * channels * height * width) / block / 4, 2 * block]);
    return g.node('Split', [pairs], { axis: 1, num_outputs: 2 }, 2).map((half) => g.reshape(half, [rows, channels, height / 2, width / 2]));
  });
  return quarters as unknown as Quarters;
}

/** Routes each gradient to the first of the four that was the maximum. */
function maximumGradient({ node, values, graph }: Site): boolean {
  if (node.opType !== 'MaxUnpool') return false;
  const [d, indices] = node.inputs as [string, string];
  const quarters = values.quarters(indices);
  const pool = graph.maker(indices);
  if (!quarters || !pool) return false;
  const { g } = values;
  const dy = values.blocked(d);
  const wins = (a: TypedValue, b: TypedValue): TypedValue => g.cast(g.op('GreaterOrEqual', [a, b]), dy.dtype);
  const [a, b, c, e] = quarters;
  const top = g.mul(dy, wins(g.op('Max', [a, b]), g.op('Max', [c, e])));
  const bottom = g.sub(dy, top);
  const [topLeft, bottomLeft] = [g.mul(top, wins(a, b)), g.mul(bottom, wins(c, e))];
  values.setQuarters(node.outputs[0]!, [topLeft, g.sub(top, topLeft), bottomLeft, g.sub(bottom, bottomLeft)], dy);
  return true;
}

/** Y = (X − mean)·scale/√(variance + ε) + B with given statistics, one factor and one summand per channel. */
function normalisation({ node, values }: Site): boolean {
  const [x, ...channels] = node.inputs as [string, string, string, string, string];
  if (node.opType !== 'BatchNormalization' || readInteger(node.attributes, 'training_mode', 0) !== 0 || !values.isBlocked(x)) return false;
  const { g } = values;
  const epsilon = node.attributes['epsilon']?.kind === 'float' ? node.attributes['epsilon'].value : 1e-5;
  const [scale, shift, mean, variance] = channels.map((name) => values.plain(name)) as [TypedValue, TypedValue, TypedValue, TypedValue];
  const factor = g.mul(scale, g.op('Reciprocal', [g.sqrt(g.add(variance, g.scalar(epsilon, variance)))]));
  const summand = g.sub(shift, g.mul(mean, factor));
  values.setAffine(node.outputs[0]!, plus(g, times(g, values.affine(x), factor), { terms: [], shift: summand }));
  return true;
}

/** Sums, means and sums of squares over batch and space. */
function channelReduction({ node, values }: Site): boolean {
  const [x, axes] = node.inputs as [string, string | undefined];
  if (!['ReduceSum', 'ReduceMean', 'ReduceSumSquare'].includes(node.opType) || !values.isBlocked(x) || axes === undefined) return false;
  const { g } = values;
  const constant = g.graph.constantValue(values.plain(axes));
  if (constant?.dtype !== 'int64' || Array.from(constant.data, Number).join() !== '0,2,3') return false;
  const source = node.opType === 'ReduceSumSquare' ? values.blocked(x) : values.sameSums(x);
  const whole = values.shapeOf(x)!.map(Number);
  const squared = node.opType === 'ReduceSumSquare' ? g.mul(source, source) : source;
  const [rows, channels, height, width] = source.shape.map(Number) as [number, number, number, number];
  const ofRows = g.tensor(
    [1, rows],
    Array.from({ length: rows }, () => 1),
    source,
  );
  // Over the batch by a product with ones, which is faster than ReduceSum; then over space.
  const overBatch = g.matMul(ofRows, g.reshape(squared, [rows, channels * height * width]));
  const perBlock = g.reduceSum(g.reshape(overBatch, [channels / values.block, height * width, values.block]), [1], false);
  const sums = g.reshape(perBlock, readInteger(node.attributes, 'keepdims', 1) ? [1, channels, 1, 1] : [channels]);
  const count = whole[0]! * whole[2]! * whole[3]!;
  values.setPlain(node.outputs[0]!, node.opType === 'ReduceMean' ? g.mul(sums, g.scalar(1 / count, sums)) : sums);
  return true;
}

/** Products and sums by channel, and sums of such values: see `Affine`. */
function byChannel({ node, values }: Site): boolean {
  const { opType, inputs } = node;
  if (!['Mul', 'Add', 'Sub'].includes(opType)) return false;
  const [left, right] = inputs as [string, string];
  const { g } = values;
  const images = [left, right].filter((name) => values.isBlocked(name));
  const shape = images[0] === undefined ? undefined : values.shapeOf(images[0]);
  if (!shape) return false;
  const channelOf = (name: string): TypedValue | undefined =>
    isPerChannel(values.shapeOf(name), shape) && !sameShape(values.shapeOf(name)!, shape)
      ? g.reshape(values.plain(name), [Number(shape[1])])
      : undefined;
  const [first, second] = [channelOf(left), channelOf(right)];
  if (first || second) {
    const own = values.affine(first ? right : left);
    const number = (first ?? second)!;
    const minusOne = g.scalar(-1, number);
    if (opType === 'Mul') values.setAffine(node.outputs[0]!, times(g, own, number));
    else if (opType === 'Add' || second)
      values.setAffine(node.outputs[0]!, plus(g, own, { terms: [], shift: opType === 'Add' ? number : g.mul(number, minusOne) }));
    else return false;
    return true;
  }
  const sums = opType === 'Add' && sameShape(values.shapeOf(left)!, values.shapeOf(right)!);
  if (!sums || !(values.isAffine(left) || values.isAffine(right)) || left === right) return false;
  values.setAffine(node.outputs[0]!, plus(g, values.affine(left), values.affine(right)));
  return true;
}

/** ReLU of a value that is still to be computed, and that nothing else reads, in the same pass. */
function rectified({ node, values, graph }: Site): boolean {
  const [x] = node.inputs as [string];
  if (node.opType !== 'Relu' || !values.isAffine(x) || graph.readers(x).length > 1 || graph.isOutput(x)) return false;
  values.setBlocked(node.outputs[0]!, compute(values.g, values.affine(x), true));
  return true;
}

function isPerChannel(own: Shape | undefined, image: Shape): boolean {
  return (
    own !== undefined &&
    own.length >= 3 &&
    own.length <= 4 &&
    own.at(-3) === image[1] &&
    own.every((dim, at) => dim === 1 || at === own.length - 3)
  );
}

function anyOrder({ node, values }: Site): boolean {
  if (!elementwise.has(node.opType) || node.outputs.length !== 1 || !node.inputs.some((name) => values.isBlocked(name))) return false;
  const given = node.inputs.map((name) => ({ name, shape: values.shapeOf(name) }));
  const shape = given.find(({ name }) => values.isBlocked(name))!.shape!;
  const isScalar = (each: (typeof given)[number]): boolean => each.shape?.every((dim) => dim === 1) ?? false;
  const isChannel = ({ shape: own }: (typeof given)[number]): boolean => isPerChannel(own, shape);
  if (given.some((each) => !each.shape || !(sameShape(each.shape, shape) || isScalar(each) || isChannel(each)))) return false;
  const { g } = values;
  const spread = given.some((each) => isChannel(each) && !sameShape(each.shape!, shape));
  const inputs = given.map((each) => {
    if (sameShape(each.shape!, shape)) return spread ? values.view(values.blocked(each.name)) : values.blocked(each.name);
    return isScalar(each) ? values.plain(each.name) : values.perChannel(values.plain(each.name));
  });
  const result = g.node(node.opType as KnownOperator, inputs, node.attributes, 1)[0]!;
  values.setBlocked(node.outputs[0]!, g.reshape(result, shape));
  return true;
}
