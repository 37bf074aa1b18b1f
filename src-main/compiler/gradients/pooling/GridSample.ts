import type { TypedOps, TypedValue } from '../../2-shapes/typedOps.ts';
import { integer } from '../../onnx/attributes.ts';
import type { Attribute } from '../../onnx/graph.ts';
import { defineComposite } from '../defineGradient.ts';

const text = (value: string): Attribute => ({ kind: 'string', value });

/**
 * Y = X interpolated at the positions of `grid`: four elements around each position are taken, weighted by their distance,
 * and added. The weights carry the gradient of the grid, taking elements that of X. Two spatial axes; linear or nearest.
 */
export const gridSample = defineComposite({
  opType: 'GridSample',
  sinceVersion: 20,
  source: 'https://onnx.ai/onnx/operators/onnx__GridSample.html; Jaderberg et al. (2015), Spatial Transformer Networks, eq. 5–7',
  formula: 'Y = Σ_neighbours X[neighbour] · (1 − |x − xₙ|)(1 − |y − yₙ|)',
  inputs: ['X', 'grid'],
  outputs: ['Y'],
  attributes: { mode: 'linear', padding_mode: 'zeros', align_corners: 0 },
  decompose: ({ X, grid }, { mode, padding_mode, align_corners }, g) => {
    if (X.shape.length !== 4) throw new Error('GridSample is supported for images with two spatial axes.');
    if (!['linear', 'bilinear', 'nearest'].includes(mode)) throw new Error(`GridSample: mode "${mode}" is not supported.`);
    if (!['zeros', 'border'].includes(padding_mode)) throw new Error(`GridSample: padding_mode "${padding_mode}" is not supported.`);
    const [batch, channels, height, width] = X.shape as readonly [number, number, number, number];
    const [, rows, columns] = grid.shape as readonly [number, number, number, number];
    const along = (axis: number, size: number): TypedValue => {
      const given = g.reshape(g.op('Gather', [grid, g.graph.int64([axis])], { axis: 3 }), [batch, 1, rows * columns]);
      // −1 and 1 are the middles of the outermost pixels, or their outer edges.
      const [scale, offset] = align_corners ? [(size - 1) / 2, (size - 1) / 2] : [size / 2, (size - 1) / 2];
      const at = g.add(g.mul(given, g.scalar(scale, given)), g.scalar(offset, given));
      return padding_mode === 'border' ? g.op('Clip', [at, g.scalar(0, at), g.scalar(size - 1, at)]) : at;
    };
    const image = g.reshape(X, [batch, channels, height * width]);
    const [x, y] = [along(0, width), along(1, height)];
    const taps = (at: TypedValue): Tap[] => (mode === 'nearest' ? [{ at: g.op('Round', [at]), weight: undefined }] : neighbours(g, at));
    const parts = taps(y).flatMap((ofY) => taps(x).map((ofX) => takenAt(g, image, { height, width }, ofY, ofX)));
    return [
      g.reshape(
        parts.reduce((sum, each) => g.add(sum, each)),
        [batch, channels, rows, columns],
      ),
    ];
  },
  samples: [
    { inputs: { X: [2, 2, 3, 4], grid: [2, 2, 3, 2] }, domain: [-0.9, 0.9] },
    { inputs: { X: [1, 2, 3, 3], grid: [1, 3, 2, 2] }, attributes: { align_corners: integer(1) }, domain: [-1.4, 1.4] },
    { inputs: { X: [1, 2, 3, 3], grid: [1, 2, 3, 2] }, attributes: { padding_mode: text('border') }, domain: [-1.4, 1.4] },
    { inputs: { X: [2, 1, 3, 4], grid: [2, 2, 2, 2] }, attributes: { mode: text('nearest') }, domain: [-1.2, 1.2] },
  ],
  specialPoints: [],
});

interface Tap {
  readonly at: TypedValue;
  /** Absent: 1. */
  readonly weight: TypedValue | undefined;
}

/** The whole numbers below and above each coordinate, each weighted by its nearness. */
function neighbours(g: TypedOps, at: TypedValue): Tap[] {
  const low = g.op('Floor', [at]);
  const above = g.sub(at, low);
  const one = g.scalar(1, at);
  return [
    { at: low, weight: g.sub(one, above) },
    { at: g.add(low, one), weight: above },
  ];
}

/** Elements of image [N, C, H·W] at one row and column per position, weighted; 0 outside. */
function takenAt(
  g: TypedOps,
  image: TypedValue,
  { height, width }: Readonly<Record<'height' | 'width', number>>,
  y: Tap,
  x: Tap,
): TypedValue {
  const [row, rowInside] = clamped(g, y.at, height);
  const [column, columnInside] = clamped(g, x.at, width);
  const place = g.cast(g.add(g.mul(row, g.scalar(width, row)), column), 'int64');
  const [batch, channels] = image.shape as readonly [number, number];
  const taken = g.op('GatherElements', [image, g.expand(place, [batch, channels, place.shape[2]!])], { axis: 2 });
  const weights = [rowInside, columnInside, y.weight, x.weight].filter((each) => each !== undefined);
  return g.mul(
    taken,
    weights.reduce((product, each) => g.mul(product, each)),
  );
}

function clamped(g: TypedOps, at: TypedValue, size: number): [clamped: TypedValue, inside: TypedValue] {
  const result = g.op('Clip', [at, g.scalar(0, at), g.scalar(size - 1, at)]);
  return [result, g.cast(g.op('Equal', [at, result]), at.dtype)];
}
