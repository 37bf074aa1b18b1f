import { typeGraph, type Bindings } from '../1-parse/import/typeGraph.ts';
import type { DataType, Dim, Graph } from '../onnx/graph.ts';

/** A type whose open sizes are written with their names: 'N', '4·N', 'N·tokens', 'tokens+1'; '?' where the size is no such formula. */
export interface SymbolicType {
  readonly dtype: DataType;
  readonly shape: readonly Dim[];
}

/** Sizes tried for a name are its usual one and two steps from it; the last only checks. */
type Steps = readonly [low: number, high: number, check: number];
const onwards: Steps = [0, 3, 5];
/** For a model that has a longest length. */
const backwards: Steps = [0, -1, -3];
/** Where no usual size is given: odd and no size of a usual layer, so that a mix-up shows. */
const firstTried = 13;
/** 2^names trials. */
const mostNames = 4;

/**
 * Types of all values of a graph of our opset with its open sizes by name, before anything is bound. The shape rules work with
 * numbers (a window or a Reshape needs them), so every size is found for some bindings and written as the polynomial through
 * them, of degree one in each name; further bindings check it. Halved lengths (strides) are no polynomial and become '?'.
 *
 * `usual` gives sizes to try around, which a model with strided windows may need. Throws as `typeGraph`.
 */
export function symbolicShapes(graph: Graph, usual: Bindings = {}): ReadonlyMap<string, SymbolicType> {
  const names = [...new Set(graph.inputs.flatMap(({ shape }) => shape ?? []))].filter((dim) => typeof dim === 'string');
  const open = names.slice(0, mostNames);
  const base: Record<string, number> = Object.fromEntries(names.map((name, at) => [name, usual[name] ?? firstTried + 4 * at]));
  try {
    return shapesAround(graph, open, base, onwards);
  } catch (error) {
    try {
      return shapesAround(graph, open, base, backwards);
    } catch {
      throw error;
    }
  }
}

function shapesAround(
  graph: Graph,
  names: readonly string[],
  base: Bindings,
  [low, high, check]: Steps,
): ReadonlyMap<string, SymbolicType> {
  const at = (move: (name: string, place: number) => number): ReturnType<typeof typeGraph> =>
    typeGraph(graph, { ...base, ...Object.fromEntries(names.map((name, place) => [name, base[name]! + move(name, place)])) });
  const trials = Array.from({ length: 2 ** names.length }, (_, bits) => at((_name, place) => ((bits >> place) & 1 ? high : low)));
  const checked = at(() => check);
  const values = new Set([...graph.inputs.map(({ name }) => name), ...graph.nodes.flatMap(({ outputs }) => outputs)]);
  const found = [...values].flatMap((name): [string, SymbolicType][] => {
    const types = trials.map((each) => each.typeOf(name));
    const [type] = types;
    const last = checked.typeOf(name);
    if (!type || !last || types.some((each) => each?.shape.length !== type.shape.length)) return [];
    const shape = type.shape.map((_, axis): Dim => {
      const terms = polynomial(
        types.map((each) => each!.shape[axis]!),
        names,
        base,
        low,
        high,
      );
      const expected = terms.reduce(
        (sum, { factor, of }) => sum + of.reduce((product, each) => product * (base[each]! + check), factor),
        0,
      );
      return Math.abs(expected - last.shape[axis]!) < 1e-6 ? written(terms) : '?';
    });
    return [[name, { dtype: type.dtype, shape }]];
  });
  return new Map(found);
}

interface Term {
  readonly factor: number;
  readonly of: readonly string[];
}

/** The polynomial, of degree one in each name, through values at all corners: bit i of a corner's number is name i at its high size. */
function polynomial(corners: readonly number[], names: readonly string[], base: Bindings, low: number, high: number): Term[] {
  const name = names.at(-1);
  if (name === undefined) return [{ factor: corners[0]!, of: [] }];
  const half = corners.length / 2;
  const slopes = corners.slice(0, half).map((each, at) => (corners[half + at]! - each) / (high - low));
  const offsets = corners.slice(0, half).map((each, at) => each - slopes[at]! * (base[name]! + low));
  const rest = names.slice(0, -1);
  return [
    ...polynomial(offsets, rest, base, low, high),
    ...polynomial(slopes, rest, base, low, high).map(({ factor, of }) => ({ factor, of: [...of, name] })),
  ].filter(({ factor }, at, all) => Math.abs(factor) > 1e-9 || all.length === 1);
}

function written(terms: readonly Term[]): Dim {
  const real = terms.map((each) => ({ ...each, factor: Math.round(each.factor * 1e6) / 1e6 })).filter(({ factor }) => factor !== 0);
  if (real.every(({ of }) => of.length === 0)) return real.reduce((sum, { factor }) => sum + factor, 0);
  const ordered = real.toSorted((left, right) => right.of.length - left.of.length);
  return ordered
    .map(({ factor, of }, at) => {
      const size = Math.abs(factor);
      const product = [...(size === 1 && of.length > 0 ? [] : [String(size)]), ...of].join('·');
      return `${factor < 0 ? '-' : at > 0 ? '+' : ''}${product}`;
    })
    .join('');
}
