import type { TypedOps, TypedValue } from '../../2-shapes/typedOps.ts';
import { integer } from '../../onnx/attributes.ts';
import { elementCount, type Attribute } from '../../onnx/graph.ts';
import { defineComposite } from '../defineGradient.ts';

const text = (value: string): Attribute => ({ kind: 'string', value });

/**
 * Y = X interpolated at the positions of `grid`: the elements around each position are taken, weighted by their distance,
 * and added. The weights carry the gradient of the grid, taking elements that of X.
 */
export const gridSample = defineComposite({
  opType: 'GridSample',
  sinceVersion: 20,
  source: 'https://onnx.ai/onnx/operators/onnx__GridSample.html; Jaderberg et al. (2015), Spatial Transformer Networks, eq. 5–7',
  formula: 'Y = Σ_neighbours X[neighbour] · Π_axes weight(distance along the axis)',
  inputs: ['X', 'grid'],
  outputs: ['Y'],
  attributes: { mode: 'linear', padding_mode: 'zeros', align_corners: 0 },
  decompose: ({ X, grid }, { mode, padding_mode: padding, align_corners: aligned }, g) => {
    const [batch, channels, ...image] = X.shape as readonly number[];
    const positions = elementCount(grid.shape.slice(1, -1));
    const taps = image.map((size, axis) => {
      // The grid names the last axis first.
      const given = g.reshape(g.op('Gather', [grid, g.graph.int64([image.length - 1 - axis])], { axis: -1 }), [batch!, 1, positions]);
      // −1 and 1 are the middles of the outermost pixels, or their outer edges.
      const at = g.add(g.mul(given, g.scalar(aligned ? (size - 1) / 2 : size / 2, given)), g.scalar((size - 1) / 2, given));
      const bounds = { size, padding, aligned: aligned === 1 };
      return tapsAt(g, mode, at, bounds).map(({ place, weight }) => ({ ...inside(g, place, bounds), weight }));
    });
    const flat = g.reshape(X, [batch!, channels!, elementCount(image)]);
    const parts = combinations(taps).map((each) => takenAt(g, flat, image, each));
    return [
      g.reshape(
        parts.reduce((sum, each) => g.add(sum, each)),
        [batch!, channels!, ...grid.shape.slice(1, -1)],
      ),
    ];
  },
  samples: [
    { inputs: { X: [2, 2, 3, 4], grid: [2, 2, 3, 2] }, domain: [-0.9, 0.9] },
    { inputs: { X: [1, 2, 3, 3], grid: [1, 3, 2, 2] }, attributes: { align_corners: integer(1) }, domain: [-1.4, 1.4] },
    { inputs: { X: [1, 2, 3, 3], grid: [1, 2, 3, 2] }, attributes: { padding_mode: text('border') }, domain: [-1.4, 1.4] },
    { inputs: { X: [1, 2, 3, 4], grid: [1, 2, 3, 2] }, attributes: { padding_mode: text('reflection') }, domain: [-2.4, 2.4] },
    {
      inputs: { X: [1, 1, 4, 3], grid: [1, 2, 3, 2] },
      attributes: { padding_mode: text('reflection'), align_corners: integer(1) },
      domain: [-2.4, 2.4],
    },
    { inputs: { X: [2, 1, 3, 4], grid: [2, 2, 2, 2] }, attributes: { mode: text('nearest') }, domain: [-1.2, 1.2] },
    { inputs: { X: [1, 2, 4, 3], grid: [1, 2, 2, 2] }, attributes: { mode: text('cubic') }, domain: [-1.2, 1.2] },
    {
      inputs: { X: [1, 1, 4, 3], grid: [1, 2, 2, 2] },
      attributes: { mode: text('cubic'), padding_mode: text('border'), align_corners: integer(1) },
      domain: [-1.2, 1.2],
    },
    { inputs: { X: [1, 2, 2, 3, 2], grid: [1, 2, 1, 2, 3] }, domain: [-1.2, 1.2] },
  ],
  specialPoints: [],
});

/** What lies beyond an axis. */
interface Bounds {
  readonly size: number;
  readonly padding: string;
  readonly aligned: boolean;
}

interface Tap {
  /** Whole number along one axis. */
  readonly place: TypedValue;
  /** Absent: 1. */
  readonly weight: TypedValue | undefined;
}

/** The elements of one axis that a coordinate needs. */
function tapsAt(g: TypedOps, mode: string, given: TypedValue, bounds: Bounds): Tap[] {
  const one = g.scalar(1, given);
  const plus = (value: TypedValue, by: number): TypedValue => (by === 0 ? value : g.add(value, g.scalar(by, value)));
  switch (mode) {
    case 'nearest':
      return [{ place: g.op('Round', [within(g, given, bounds)]), weight: undefined }];
    case 'linear':
    case 'bilinear': {
      const at = within(g, given, bounds);
      const low = g.op('Floor', [at]);
      const above = g.sub(at, low);
      return [
        { place: low, weight: g.sub(one, above) },
        { place: plus(low, 1), weight: above },
      ];
    }
    case 'cubic':
    case 'bicubic': {
      const low = g.op('Floor', [given]);
      const above = g.sub(given, low);
      const [near, far] = [above, g.sub(one, above)];
      return [
        { place: plus(low, -1), weight: outerWeight(g, plus(near, 1)) },
        { place: low, weight: innerWeight(g, near) },
        { place: plus(low, 1), weight: innerWeight(g, far) },
        { place: plus(low, 2), weight: outerWeight(g, plus(far, 1)) },
      ];
    }
    default:
      throw new Error(`GridSample: mode "${mode}" is not supported.`);
  }
}

/** A coordinate moved into the image, as `padding_mode` says; with zeros it stays. */
function within(g: TypedOps, at: TypedValue, { size, padding, aligned }: Bounds): TypedValue {
  if (padding === 'zeros') return at;
  if (padding === 'border') return clipped(g, at, size);
  const [low, high] = aligned ? [0, size - 1] : [-0.5, size - 0.5];
  const range = high - low;
  if (range === 0) return g.mul(at, g.scalar(0, at));
  // The distance from the edge, folded: up to the other edge and back.
  const period = g.scalar(2 * range, at);
  const folded = g.op('Mod', [g.op('Abs', [g.sub(at, g.scalar(low, at))]), period], { fmod: 1 });
  return clipped(g, g.add(g.op('Min', [folded, g.sub(period, folded)]), g.scalar(low, at)), size);
}

function clipped(g: TypedOps, at: TypedValue, size: number): TypedValue {
  return g.op('Clip', [at, g.scalar(0, at), g.scalar(size - 1, at)]);
}

/** A place that exists, and 1 or 0 where places beyond the axis count nothing. */
function inside(g: TypedOps, place: TypedValue, bounds: Bounds): { place: TypedValue; present: TypedValue | undefined } {
  if (bounds.padding === 'border' || bounds.padding === 'reflection') return { place: within(g, place, bounds), present: undefined };
  if (bounds.padding !== 'zeros') throw new Error(`GridSample: padding_mode "${bounds.padding}" is not supported.`);
  const existing = clipped(g, place, bounds.size);
  return { place: existing, present: g.cast(g.op('Equal', [place, existing]), place.dtype) };
}

type PlacedTap = Tap & { readonly present: TypedValue | undefined };

/** Elements of image [N, C, positions of the image] at one tap per axis and position, weighted. */
function takenAt(g: TypedOps, image: TypedValue, sizes: readonly number[], taps: readonly PlacedTap[]): TypedValue {
  const offset = taps.map(({ place }) => place).reduce((sum, each, axis) => g.add(g.mul(sum, g.scalar(sizes[axis]!, sum)), each));
  const [batch, channels] = image.shape as readonly number[];
  const indices = g.expand(g.cast(offset, 'int64'), [batch!, channels!, offset.shape[2]!]);
  const taken = g.op('GatherElements', [image, indices], { axis: 2 });
  return taps
    .flatMap(({ present, weight }) => [present, weight])
    .reduce<TypedValue>((product, each) => (each ? g.mul(product, each) : product), taken);
}

function combinations<Each>(lists: readonly (readonly Each[])[]): Each[][] {
  return lists.reduce<Each[][]>((all, list) => all.flatMap((chosen) => list.map((each) => [...chosen, each])), [[]]);
}

/** Weights of cubic convolution with a = −¾ — Keys (1981), eq. 4. */
function innerWeight(g: TypedOps, distance: TypedValue): TypedValue {
  return polynomial(g, distance, [1, 0, -2.25, 1.25]);
}

function outerWeight(g: TypedOps, distance: TypedValue): TypedValue {
  return polynomial(g, distance, [3, -6, 3.75, -0.75]);
}

/** By Horner; coefficients from the constant one up. */
function polynomial(g: TypedOps, x: TypedValue, coefficients: readonly number[]): TypedValue {
  const [highest, ...lower] = coefficients.toReversed();
  return lower.reduce((sum, each) => g.add(g.mul(sum, x), g.scalar(each, x)), g.scalar(highest!, x));
}
