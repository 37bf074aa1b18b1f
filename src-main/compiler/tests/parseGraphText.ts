import { float, GraphBuilder, tensorOf, type AttributeInput, type DataType, type Dim, type Graph, type Value } from '../index.ts';

/** Reads the text that `printGraph` writes, without subgraphs and text constants: enough to write test cases by hand. */
export function parseGraphText(text: string): Graph {
  const [head, ...lines] = text
    .trim()
    .split('\n')
    .map((line) => line.trim());
  const [, name, inputs, outputs] = /^(\w+) \((.*)\) => \((.*)\) \{$/.exec(head!) ?? fail(head!);
  const g = new GraphBuilder(name);
  for (const { name: input, dtype, shape } of values(inputs!)) g.input(input, dtype, shape);
  const declared = new Map(values(outputs!).map((each) => [each.name, each]));
  for (const line of lines.slice(0, -1)) addLine(g, line, declared);
  for (const each of declared.values()) g.output(g.value(each.name));
  return g.build();
}

function addLine(g: GraphBuilder, line: string, declared: ReadonlyMap<string, Value>): void {
  const constant = /^([\w.]+) = (float32|float64|int64|int32|bool)\[([\d,]*)\] \{(.*)\}$/.exec(line);
  if (constant) {
    const [, name, dtype, shape, elements] = constant;
    g.initializer(name!, tensorOf(dtype as 'float32', numbers(shape!), numbers(elements!)));
    return;
  }
  const [, outputs, domain = '', opType, attributes, inputs] =
    /^([\w., ]+) = (?:([a-z][\w.]*)\.)?(\w+)(?: <(.*)>)?\((.*)\)$/.exec(line) ?? fail(line);
  g.node(
    opType!,
    inputs!.split(', ').map((each) => (each === '_' ? undefined : g.value(each))),
    {
      domain,
      attributes: attributes ? Object.fromEntries(attributes.split(/, (?=\w+=)/).map(attribute)) : {},
      outputs: outputs!.split(', ').map((each) => ({ ...declared.get(each), name: each })),
    },
  );
}

function attribute(text: string): [string, AttributeInput] {
  const [, name, value] = /^(\w+)=(.*)$/.exec(text) ?? fail(text);
  if (value!.startsWith('[')) return [name!, numbers(value!.slice(1, -1))];
  if (value!.startsWith('"')) return [name!, JSON.parse(value!) as string];
  return [name!, value!.endsWith('f') ? float(Number(value!.slice(0, -1))) : Number(value)];
}

function values(text: string): Value[] {
  return [...text.matchAll(/(\w+)\[([\w,]*)\] ([\w.]+)/g)].map(([, dtype, shape, name]) => ({
    name: name!,
    dtype: dtype as DataType,
    shape: shape === '' ? [] : shape!.split(',').map((dim): Dim => (/^\d+$/.test(dim) ? Number(dim) : dim)),
  }));
}

function numbers(text: string): number[] {
  return text === '' ? [] : text.split(/, ?/).map(Number);
}

function fail(text: string): never {
  throw new Error(`Cannot read "${text}".`);
}
