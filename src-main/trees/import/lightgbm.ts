import { ModelkeepError } from '../../../src-shared/errors/modelkeepError.ts';
import type { Link } from '../export/links.ts';
import type { Tree } from '../ensemble.ts';
import { floorToFloat32 } from './float32.ts';
import type { ImportedEnsemble } from './importedEnsemble.ts';

const categoryBit = 1;
const defaultLeftBit = 2;
const missingNone = 0;
const missingZero = 1;

/**
 * A model that LightGBM saved as text (`Booster.save_model`), version 3 or 4. Every float32 row reaches the leaf that it reaches
 * there; leaf values are rounded to float32. One difference: LightGBM cuts 2.5 down to category 2, here it is an unknown category.
 *
 * Throws MK_TREES_FILE_BROKEN with the line, MK_TREES_FILE_UNSUPPORTED for linear leaves and for zeros taken as missing where that
 * is no single comparison.
 */
export function readLightgbm(text: string): ImportedEnsemble {
  const [header, ...blocks] = sections(text);
  if (!header || header.start !== 'tree') throw broken('no first line "tree"', 'line 1');
  const outputCount = header.integer('num_tree_per_iteration');
  const featureCount = header.integer('max_feature_idx') + 1;
  const categorySets: Int32Array[] = [];
  const categorical = new Uint8Array(featureCount);
  const trees = blocks.map((block) => readTree(block, { categorySets, categorical }));
  const objective = header.optional('objective') ?? '';
  return {
    ensemble: {
      featureCount,
      outputCount,
      valueWidth: 1,
      baseScores: new Float64Array(outputCount),
      trees,
      categorySets,
      categorical,
      aggregate: header.flags.has('average_output') ? 'mean' : 'sum',
    },
    featureNames: (header.optional('feature_names') ?? '').split(' '),
    objective,
    link: linkOf(objective),
  };
}

function linkOf(objective: string): Link {
  const [name = '', ...options] = objective.split(' ');
  if (name === 'binary' || name === 'cross_entropy') {
    const sigmoid = Number(options.find((each) => each.startsWith('sigmoid:'))?.slice('sigmoid:'.length) ?? 1);
    if (sigmoid !== 1) throw unsupported(`sigmoid:${sigmoid}`);
    return { kind: 'binary' };
  }
  if (name === 'poisson' || name === 'gamma' || name === 'tweedie') return { kind: 'exp' };
  if (name === 'multiclassova' || name === 'cross_entropy_lambda' || options.includes('sqrt'))
    throw unsupported(`the objective ${objective}`);
  return { kind: 'identity' };
}

function readTree(block: Section, shared: { categorySets: Int32Array[]; categorical: Uint8Array }): Tree {
  const leaves = block.integer('num_leaves');
  if ((block.optional('is_linear') ?? '0') !== '0') throw unsupported('linear leaves (linear_tree)');
  const leafValue = block.numbers('leaf_value', leaves);
  if (leaves === 1) return depthFirst({ ...emptyBlock, leafValue, leafCover: [0] }, shared);
  const splits = leaves - 1;
  const hasCategories = block.integer('num_cat') > 0;
  return depthFirst(
    {
      leafValue,
      leafCover: block.numbers('leaf_count', leaves),
      cover: block.numbers('internal_count', splits),
      feature: block.numbers('split_feature', splits),
      threshold: block.numbers('threshold', splits),
      decision: block.numbers('decision_type', splits),
      gain: block.numbers('split_gain', splits),
      left: block.numbers('left_child', splits),
      right: block.numbers('right_child', splits),
      boundaries: hasCategories ? block.numbers('cat_boundaries') : [],
      bits: hasCategories ? block.numbers('cat_threshold') : [],
      where: block.where,
    },
    shared,
  );
}

interface Block {
  leafValue: readonly number[];
  leafCover: readonly number[];
  cover: readonly number[];
  feature: readonly number[];
  threshold: readonly number[];
  decision: readonly number[];
  gain: readonly number[];
  left: readonly number[];
  right: readonly number[];
  boundaries: readonly number[];
  bits: readonly number[];
  where: string;
}

const nothing: readonly number[] = [];
const emptyBlock: Omit<Block, 'leafValue' | 'leafCover'> = {
  cover: nothing,
  feature: nothing,
  threshold: nothing,
  decision: nothing,
  gain: nothing,
  left: nothing,
  right: nothing,
  boundaries: nothing,
  bits: nothing,
  where: '',
};

/** LightGBM numbers splits and leaves apart, a leaf as ~number, in the order in which they grew. */
function depthFirst(block: Block, { categorySets, categorical }: { categorySets: Int32Array[]; categorical: Uint8Array }): Tree {
  const size = 2 * block.leafValue.length - 1;
  const tree: Tree = {
    feature: new Int32Array(size).fill(-1),
    threshold: new Float32Array(size),
    categories: new Int32Array(size).fill(-1),
    missingLeft: new Uint8Array(size),
    left: new Int32Array(size).fill(-1),
    right: new Int32Array(size).fill(-1),
    value: new Float32Array(size),
    cover: new Float64Array(size),
    gain: new Float64Array(size),
  };
  const stack: { id: number; parent: number; isLeft: boolean }[] = [{ id: block.feature.length > 0 ? 0 : ~0, parent: -1, isLeft: false }];
  let next = 0;
  for (let entry = stack.pop(); entry; entry = stack.pop()) {
    const { id, parent, isLeft } = entry;
    const node = next++;
    if (node >= size) throw broken('a node with two parents', block.where);
    if (parent >= 0) (isLeft ? tree.left : tree.right)[parent] = node;
    if (id < 0) {
      const value = block.leafValue[~id];
      if (value === undefined) throw broken(`a leaf ${~id} that is not there`, block.where);
      tree.value[node] = value;
      tree.cover[node] = block.leafCover[~id]!;
      continue;
    }
    const feature = block.feature[id];
    if (feature === undefined || feature >= categorical.length) throw broken(`a split ${id} that is not there`, block.where);
    tree.feature[node] = feature;
    tree.cover[node] = block.cover[id]!;
    tree.gain[node] = block.gain[id]!;
    if (block.decision[id]! & categoryBit) {
      categorical[feature] = 1;
      // NaN goes right, whatever the type of missing values.
      tree.categories[node] = categorySets.push(codesOf(block, block.threshold[id]!)) - 1;
    } else {
      tree.threshold[node] = floorToFloat32(block.threshold[id]!);
      tree.missingLeft[node] = Number(missingGoesLeft(block.decision[id]!, block.threshold[id]!));
    }
    stack.push({ id: block.right[id]!, parent: node, isLeft: false }, { id: block.left[id]!, parent: node, isLeft: true });
  }
  if (next !== size) throw broken(`${next} of ${size} nodes`, block.where);
  return tree;
}

/** Without a type of missing values NaN counts as 0; with type "zero" 0 and NaN take the default side. */
function missingGoesLeft(decision: number, threshold: number): boolean {
  const type = (decision >> 2) & 3;
  const defaultLeft = (decision & defaultLeftBit) !== 0;
  const zeroLeft = threshold >= 0;
  if (type === missingNone) return zeroLeft;
  if (type === missingZero && defaultLeft !== zeroLeft) throw unsupported('zero_as_missing');
  return defaultLeft;
}

function codesOf({ boundaries, bits, where }: Block, set: number): Int32Array {
  const [start, end] = [boundaries[set], boundaries[set + 1]];
  if (start === undefined || end === undefined) throw broken(`a set ${set} that is not there`, where);
  const codes: number[] = [];
  for (let word = start; word < end; word++)
    for (let bit = 0; bit < 32; bit++) if ((bits[word]! >>> bit) & 1) codes.push(32 * (word - start) + bit);
  return Int32Array.from(codes);
}

/** A line alone, then lines `key=value`, up to an empty line. */
class Section {
  readonly start: string;
  readonly where: string;
  readonly flags = new Set<string>();
  readonly #entries = new Map<string, string>();

  constructor(lines: readonly string[], firstLine: number) {
    this.start = lines[0] ?? '';
    this.where = `${this.start} (line ${firstLine})`;
    for (const line of lines) {
      const equals = line.indexOf('=');
      if (equals < 0) this.flags.add(line);
      else this.#entries.set(line.slice(0, equals), line.slice(equals + 1));
    }
  }

  optional(key: string): string | undefined {
    return this.#entries.get(key);
  }

  integer(key: string): number {
    const value = Number(this.#entries.get(key));
    if (!Number.isSafeInteger(value) || value < 0) throw broken(`no number ${key}`, this.where);
    return value;
  }

  numbers(key: string, count?: number): number[] {
    const text = this.#entries.get(key)?.trim();
    const values = text ? text.split(' ').map(readNumber) : [];
    if (values.some(Number.isNaN) || (count !== undefined && values.length !== count))
      throw broken(count === undefined ? `no numbers ${key}` : `${values.length} numbers ${key} instead of ${count}`, this.where);
    return values;
  }
}

/** As C writes it: a split of missing against other values has the threshold `inf`. */
function readNumber(text: string): number {
  return text === 'inf' ? Infinity : text === '-inf' ? -Infinity : Number(text);
}

/** Header and trees; what follows them (importances, parameters) is left out. */
function sections(text: string): Section[] {
  const lines = text.split(/\r?\n/);
  const end = lines.indexOf('end of trees');
  if (end < 0) throw broken('no line "end of trees"', `line ${lines.length}`);
  const found: Section[] = [];
  for (let line = 0; line < end; line++) {
    let last = line;
    while (last < end && lines[last] !== '') last++;
    if (last > line) found.push(new Section(lines.slice(line, last), line + 1));
    line = last;
  }
  return found;
}

function broken(what: string, where: string): ModelkeepError {
  return new ModelkeepError('MK_TREES_FILE_BROKEN', { format: 'LightGBM', what, where });
}

function unsupported(what: string): ModelkeepError {
  return new ModelkeepError('MK_TREES_FILE_UNSUPPORTED', { format: 'LightGBM', what });
}
