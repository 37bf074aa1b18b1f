import type { Attribute, Attributes, Graph, TensorData, Value } from './graph.ts';

/**
 * A graph as text, one node a line, so that a difference between two graphs reads as a difference between two texts:
 *
 * ```
 * head (float32[N,4] features, float32[4,3] weight) => (float32[N,3] logits) {
 *   logits = MatMul(features, weight)
 * }
 * ```
 *
 * With `typeOf` each value that a node makes has its type in front, as far as that is known: `float32[N,3] logits = …`.
 */
export function printGraph(graph: Graph, typeOf: TypeOf = () => undefined): string {
  return `${lines(graph, '', typeOf).join('\n')}\n`;
}

type TypeOf = (name: string) => Pick<Value, 'dtype' | 'shape'> | undefined;

function lines(graph: Graph, indent: string, typeOf: TypeOf): string[] {
  const inner = `${indent}  `;
  const head = `${indent}${graph.name} (${graph.inputs.map(printValue).join(', ')}) => (${graph.outputs.map(printValue).join(', ')}) {`;
  const constants = [...graph.initializers].map(([name, tensor]) => `${inner}${name} = ${printTensor(tensor)}`);
  const nodes = graph.nodes.flatMap((node) => {
    const attributes = Object.entries(node.attributes);
    const plain = printAttributes(node.attributes);
    const bodies = attributes.flatMap(([key, attribute]) =>
      attribute.kind === 'graph' ? [`${inner}  ${key}:`, ...lines(attribute.value, `${inner}  `, typeOf)] : [],
    );
    const operator = node.domain === '' ? node.opType : `${node.domain}.${node.opType}`;
    const list = node.inputs.map((name) => name || '_').join(', ');
    const made = node.outputs.map((name) => [printType(typeOf(name)), name || '_'].filter(Boolean).join(' '));
    return [`${inner}${made.join(', ')} = ${operator}${plain === '' ? '' : ` <${plain}>`}(${list})`, ...bodies];
  });
  return [head, ...constants, ...nodes, `${indent}}`];
}

/** 'transA=1, alpha=0.5f'; without subgraphs. */
export function printAttributes(attributes: Attributes): string {
  return Object.entries(attributes)
    .flatMap(([key, attribute]) => (attribute.kind === 'graph' ? [] : [`${key}=${printAttribute(attribute)}`]))
    .join(', ');
}

/** 'float32[4,3]'; empty where nothing is known. */
export function printType(type: Pick<Value, 'dtype' | 'shape'> | undefined): string {
  return type ? `${type.dtype}${type.shape ? `[${type.shape.join(',')}]` : ''}` : '';
}

function printValue(value: Value): string {
  return `${printType(value)} ${value.name}`;
}

function printTensor(tensor: TensorData): string {
  return `${printType(tensor)} {${printElements(tensor)}}`;
}

/** The first eight elements. */
export function printElements(tensor: TensorData): string {
  const shown = Array.from(tensor.data.slice(0, 8) as ArrayLike<unknown>, (each) =>
    typeof each === 'string' ? JSON.stringify(each) : printNumber(Number(each)),
  );
  return `${shown.join(', ')}${tensor.data.length > 8 ? ', …' : ''}`;
}

function printAttribute(attribute: Exclude<Attribute, { kind: 'graph' }>): string {
  switch (attribute.kind) {
    case 'int':
      return String(attribute.value);
    case 'float':
      return `${printNumber(attribute.value)}f`;
    case 'string':
      return JSON.stringify(attribute.value);
    case 'tensor':
      return printTensor(attribute.value);
    case 'ints':
      return `[${attribute.value.join(', ')}]`;
    case 'floats':
      return `[${attribute.value.map((each) => `${printNumber(each)}f`).join(', ')}]`;
    case 'strings':
      return JSON.stringify(attribute.value);
  }
}

/** Seven digits hold a float32 and hide the tail that its conversion to float64 shows. */
function printNumber(value: number): string {
  return Object.is(value, -0) ? '-0' : String(Number(value.toPrecision(7)));
}
