import type { Attributes } from '../../onnx/graph.ts';
import { elementAt, fill, integersAttribute, numberAttribute, textAttribute, type Operator, type ReferenceTensor } from './tensors.ts';

export const resampling: Readonly<Record<string, Operator>> = {
  Resize: ([x, roi, scales, sizes], { attributes }) => resize(x!, roi, scales, sizes, attributes),
  AffineGrid: ([theta, sizes], { attributes }) => {
    const [batch, , ...image] = [...sizes!.data];
    const aligned = numberAttribute(attributes, 'align_corners', 0) === 1;
    return fill([batch!, ...image, image.length], (index) => {
      const [n, row] = [index[0]!, index.at(-1)!];
      const pixel = index.slice(1, -1).map((at, axis) => {
        if (aligned) return (2 * at) / (image[axis]! - 1) - 1;
        return (2 * at + 1) / image[axis]! - 1;
      });
      return [...pixel.toReversed(), 1].reduce((sum, each, column) => sum + each * elementAt(theta!, [n, row, column]), 0);
    });
  },
  GridSample: ([x, grid], { attributes }) => gridSample(x!, grid!, attributes),
};

type Region = readonly [start: number, end: number];

/** One axis after the other, each element from the coordinates that the specification gives. */
function resize(
  x: ReferenceTensor,
  roi: ReferenceTensor | undefined,
  scales: ReferenceTensor | undefined,
  sizes: ReferenceTensor | undefined,
  attributes: Attributes,
): ReferenceTensor {
  const axes = integersAttribute(attributes, 'axes') ?? [...x.shape.keys()];
  const policy = textAttribute(attributes, 'keep_aspect_ratio_policy', 'stretch');
  const ratios = axes.map((axis, at) => (sizes ? sizes.data[at]! / x.shape[axis]! : scales!.data[at]!));
  const common = policy === 'stretch' ? undefined : Math[policy === 'not_larger' ? 'min' : 'max'](...ratios);
  const cropped = textAttribute(attributes, 'coordinate_transformation_mode', 'half_pixel') === 'tf_crop_and_resize';
  let result = x;
  axes.forEach((axis, at) => {
    const scale = common ?? ratios[at]!;
    const exact = result.shape[axis]! * scale;
    const length = common === undefined ? (sizes ? sizes.data[at]! : Math.floor(exact)) : Math.round(exact);
    const region: Region = cropped ? [roi!.data[at]!, roi!.data[at + axes.length]!] : [0, 1];
    if (scale !== 1 || cropped) result = resizeAxis(result, axis, { scale, length, exact, region }, attributes);
  });
  const outside = numberAttribute(attributes, 'extrapolation_value', 0);
  return cropped ? { shape: result.shape, data: result.data.map((each) => (Number.isNaN(each) ? outside : each)) } : result;
}

function resizeAxis(
  x: ReferenceTensor,
  axis: number,
  { scale, length, exact, region }: Readonly<Record<'scale' | 'length' | 'exact', number>> & { readonly region: Region },
  attributes: Attributes,
): ReferenceTensor {
  const original = x.shape[axis]!;
  const coordinates: Readonly<Record<string, (at: number) => number>> = {
    half_pixel: (at) => (at + 0.5) / scale - 0.5,
    half_pixel_symmetric: (at) => (original * (1 - length / exact)) / 2 + (at + 0.5) / scale - 0.5,
    pytorch_half_pixel: (at) => (length > 1 ? (at + 0.5) / scale - 0.5 : 0),
    align_corners: (at) => (length > 1 ? (at * (original - 1)) / (length - 1) : 0),
    asymmetric: (at) => at / scale,
    tf_crop_and_resize: (at) => {
      const [start, end] = region.map((each) => each * (original - 1)) as [number, number];
      const result = length > 1 ? start + (at * (end - start)) / (length - 1) : (start + end) / 2;
      // Not a number: outside, also of what later axes make of it.
      return result < 0 || result > original - 1 ? Number.NaN : result;
    },
  };
  const coordinate = coordinates[textAttribute(attributes, 'coordinate_transformation_mode', 'half_pixel')]!;
  const roundings: Readonly<Record<string, (at: number) => number>> = {
    round_prefer_floor: (at) => (at === Math.floor(at) + 0.5 ? Math.floor(at) : Math.round(at)),
    round_prefer_ceil: Math.round,
    floor: Math.floor,
    ceil: Math.ceil,
  };
  const round = roundings[textAttribute(attributes, 'nearest_mode', 'round_prefer_floor')]!;
  const mode = textAttribute(attributes, 'mode', 'nearest');
  const a = numberAttribute(attributes, 'cubic_coeff_a', -0.75);
  const excluding = numberAttribute(attributes, 'exclude_outside', 0) === 1;
  return fill(x.shape.with(axis, length), (index) => {
    const element = (at: number): number => elementAt(x, index.with(axis, Math.min(Math.max(at, 0), original - 1)));
    const at = coordinate(index[axis]!);
    if (Number.isNaN(at)) return at;
    if (mode === 'nearest') return element(round(at));
    const s = numberAttribute(attributes, 'antialias', 0) === 1 ? Math.min(scale, 1) : 1;
    const weights: [place: number, weight: number][] = [];
    for (let place = Math.floor(at - 2 / s) - 1; place <= at + 2 / s + 1; place++) {
      const d = Math.abs(at - place) * s;
      const inner = (a + 2) * d ** 3 - (a + 3) * d ** 2 + 1;
      const outer = a * d ** 3 - 5 * a * d ** 2 + 8 * a * d - 4 * a;
      weights.push([place, mode === 'linear' ? Math.max(0, 1 - d) : d <= 1 ? inner : d < 2 ? outer : 0]);
    }
    const used = weights.filter(([place]) => !excluding || (place >= 0 && place < original));
    const total = used.reduce((sum, [, weight]) => sum + weight, 0);
    return used.reduce((sum, [place, weight]) => sum + (weight / total) * element(place), 0);
  });
}

function roundHalfEven(x: number): number {
  const low = Math.floor(x);
  if (x - low !== 0.5) return Math.round(x);
  return low % 2 === 0 ? low : low + 1;
}

function gridSample(x: ReferenceTensor, grid: ReferenceTensor, attributes: Attributes): ReferenceTensor {
  const aligned = numberAttribute(attributes, 'align_corners', 0) === 1;
  const padding = textAttribute(attributes, 'padding_mode', 'zeros');
  const mode = textAttribute(attributes, 'mode', 'linear');
  const image = x.shape.slice(2);
  const reflected = (at: number, extent: number): number => {
    const [low, high] = aligned ? [0, extent - 1] : [-0.5, extent - 0.5];
    let result = at;
    while (result < low || result > high) result = result < low ? 2 * low - result : 2 * high - result;
    return result;
  };
  const moved = (at: number, extent: number): number => {
    if (padding === 'zeros') return at;
    return Math.min(Math.max(padding === 'reflection' ? reflected(at, extent) : at, 0), extent - 1);
  };
  const pixel = (n: number, c: number, places: readonly number[]): number => {
    const found = places.map((at, axis) => moved(at, image[axis]!));
    return found.every((at, axis) => at >= 0 && at < image[axis]!) ? elementAt(x, [n, c, ...found]) : 0;
  };
  return fill([...x.shape.slice(0, 2), ...grid.shape.slice(1, -1)], ([n, c, ...position]) => {
    let terms: { places: number[]; weight: number }[] = [{ places: [], weight: 1 }];
    image.forEach((extent, axis) => {
      const given = elementAt(grid, [n!, ...position, image.length - 1 - axis]);
      const at = aligned ? ((given + 1) / 2) * (extent - 1) : ((given + 1) * extent - 1) / 2;
      const taps = gridTaps(mode, mode.endsWith('cubic') ? at : moved(at, extent));
      terms = terms.flatMap(({ places, weight }) => taps.map((tap) => ({ places: [...places, tap.place], weight: weight * tap.weight })));
    });
    return terms.reduce((sum, { places, weight }) => sum + weight * pixel(n!, c!, places), 0);
  });
}

function gridTaps(mode: string, at: number): { place: number; weight: number }[] {
  const low = Math.floor(at);
  if (mode === 'nearest') return [{ place: roundHalfEven(at), weight: 1 }];
  if (mode.endsWith('linear')) return [low, low + 1].map((place) => ({ place, weight: 1 - Math.abs(at - place) }));
  const a = -0.75;
  return [low - 1, low, low + 1, low + 2].map((place) => {
    const d = Math.abs(at - place);
    return { place, weight: d <= 1 ? (a + 2) * d ** 3 - (a + 3) * d ** 2 + 1 : a * d ** 3 - 5 * a * d ** 2 + 8 * a * d - 4 * a };
  });
}
