import { stepNames } from '../3-differentiate/differentiate.ts';
import { removeUnused } from '../4-fuse/removeUnused.ts';
import { uniformNumber } from '../4-fuse/rewrite.ts';
import { integer, readInteger } from '../onnx/attributes.ts';
import { elementCount, renameGraph, type Graph, type GraphNode, type Value } from '../onnx/graph.ts';
import { capturedByAttributes } from '../onnx/subgraphs.ts';
import type { TypedValue } from '../2-shapes/typedOps.ts';
import { typesOf } from './typesOf.ts';

/** A parameter whose gradient is 0 but for some rows, which the graph gives instead of it. */
export interface RowGradient {
  readonly parameter: string;
  /** Rows of a whole batch, over all its micro-batches; the same row may come several times, then it counts as often. */
  readonly rows: number;
  /** Numbers of a row. */
  readonly width: number;
  /** Rows of the parameter. */
  readonly tableRows: number;
}

/** Smaller tables are not worth two outputs more. */
const fewestNumbers = 2 ** 16;

/**
 * Finds gradients that are rows added into a table of zeros, as those of embeddings are, and gives the rows and their numbers instead
 * (`stepNames.gradientRows` and `.gradientIndices`, int32): a table of 30,522 × 384 is 47 MB that were filled with zeros, written,
 * copied and read for 1,024 rows. Only where at most half of the rows are met in a batch of `trips` micro-batches. Whoever adds the
 * rows up in their order gets the same bits.
 */
export function rowGradients(graph: Graph, parameters: readonly Value[], trips: number): { graph: Graph; tables: RowGradient[] } {
  const large = parameters.filter(({ shape = [] }) => shape.length > 1 && elementCount(shape) >= fewestNumbers);
  if (large.length === 0) return { graph, tables: [] };
  const types = typesOf(graph);
  const found = large.flatMap(({ name, shape = [] }) => {
    const sum = rowSum(graph, stepNames.gradient(name), types);
    return sum ? [{ name, count: Number(shape[0]), width: elementCount(shape) / Number(shape[0]), ...sum }] : [];
  });
  if (found.length === 0) return { graph, tables: [] };
  const size = (name: string): number => elementCount(types.get(name)!.shape);
  const made = new Set(graph.nodes.flatMap((node) => node.outputs));
  const renamed = new Map<string, string>();
  const nodes: GraphNode[] = [...graph.nodes];
  const outputs = new Map<string, Value[]>();
  const tables: RowGradient[] = [];
  for (const { name, count, width, indices, rows } of found) {
    const rowCount = size(indices);
    if (size(rows) !== rowCount * width || 2 * trips * rowCount > count) continue;
    const [rowsOutput, indicesOutput] = [stepNames.gradientRows(name), stepNames.gradientIndices(name)];
    // What is an output already, or lies where it is, is copied.
    if (made.has(rows) && !renamed.has(rows) && !graph.outputs.some((each) => each.name === rows)) renamed.set(rows, rowsOutput);
    else nodes.push(plainNode('Identity', rows, rowsOutput));
    nodes.push({ ...plainNode('Cast', indices, indicesOutput), attributes: { to: integer(int32) } });
    outputs.set(stepNames.gradient(name), [
      { name: rowsOutput, dtype: types.get(rows)!.dtype, shape: types.get(rows)!.shape },
      { name: indicesOutput, dtype: 'int32', shape: types.get(indices)!.shape },
    ]);
    tables.push({ parameter: name, rows: trips * rowCount, width, tableRows: count });
  }
  const kept = graph.outputs.flatMap((each) => outputs.get(each.name) ?? [each]);
  // The new names stand in `outputs` already; renaming concerns the nodes.
  const all = renameGraph({ ...graph, nodes, outputs: [] }, (each) => renamed.get(each) ?? each);
  return { graph: removeUnused({ ...all, outputs: kept }), tables };
}

/** ONNX's number of the type. */
const int32 = 6;

function plainNode(opType: string, input: string, output: string): GraphNode {
  return { name: output, opType, domain: '', inputs: [input], outputs: [output], attributes: {} };
}

/** Row numbers and rows (in any shapes) that the output adds up in a table of zeros. */
function rowSum(graph: Graph, output: string, types: ReadonlyMap<string, TypedValue>): { indices: string; rows: string } | undefined {
  const makers = new Map(graph.nodes.flatMap((node) => node.outputs.map((name): [string, GraphNode] => [name, node])));
  const readers = new Map<string, number>();
  for (const node of graph.nodes)
    for (const name of [...node.inputs, ...capturedByAttributes(node.attributes)]) readers.set(name, (readers.get(name) ?? 0) + 1);
  const unshaped = (name: string): string => {
    const node = makers.get(name);
    return node?.domain === '' && node.opType === 'Reshape' ? unshaped(node.inputs[0]!) : name;
  };
  const makerOf = (name: string | undefined, opType: string): GraphNode | undefined => {
    const node = name === undefined ? undefined : makers.get(unshaped(name));
    return node?.domain === '' && node.opType === opType ? node : undefined;
  };
  const isZero = (name: string): boolean => {
    const source = unshaped(name);
    if (uniformNumber(graph.initializers.get(source)) === 0) return true;
    const spread = makerOf(source, 'Expand')?.inputs[0];
    if (spread !== undefined) return isZero(spread);
    // A zero that the runtime does not know before the run: `gradients/indexing/addRows.ts`.
    const [left, right] = makerOf(makerOf(source, 'Cast')?.inputs[0], 'Sub')?.inputs ?? [];
    return left !== undefined && left === right && types.get(left)!.dtype.startsWith('int');
  };
  const sum = makers.get(unshaped(output));
  const [table, indices, rows] = sum?.inputs ?? [];
  if (!sum || sum.domain !== '' || !table || !indices || !rows) return undefined;
  const reduction = sum.attributes['reduction'];
  if (reduction?.kind !== 'string' || reduction.value !== 'add' || readers.has(output) || !isZero(table)) return undefined;
  if (sum.opType === 'ScatterND') return { indices: unshaped(indices), rows: unshaped(rows) };
  if (sum.opType !== 'ScatterElements' || readInteger(sum.attributes, 'axis', 0) !== 0) return undefined;
  // Cell by cell in the flat table: row · width + column.
  const [starts, columns] = makerOf(indices, 'Add')?.inputs ?? [];
  const [row, factor] = makerOf(starts, 'Mul')?.inputs ?? [];
  const [steps, by] = [columns, factor].map((each) => Array.from(graph.initializers.get(each ?? '')?.data ?? [], Number)) as [
    number[],
    number[],
  ];
  if (row === undefined || by.length !== 1 || by[0] !== steps.length || steps.some((each, at) => each !== at)) return undefined;
  return { indices: unshaped(row), rows: unshaped(rows) };
}
