import type { TypedOps, TypedValue } from '../../2-shapes/typedOps.ts';

/**
 * On the tape of a body that was replayed: where it makes a value that the forward Scan has handed out, `given` holds it and is
 * read instead. What made the value stays on the tape, so that gradients flow through it; its node is then read by nothing.
 * Returns what stands for each value that was made, by name.
 */
export function readInsteadOfMade(b: TypedOps, made: readonly TypedValue[], given: readonly TypedValue[]): ReadonlyMap<string, TypedValue> {
  const makers = new Map(b.tape.flatMap((entry) => entry.outputs.map((each) => [each.name, entry] as const)));
  const replaced = new Map<string, TypedValue>();
  made.forEach((value, at) => {
    // A body hands a state out through an Identity: the state is given then.
    for (let each: TypedValue | undefined = value; each;) {
      const maker = makers.get(each.name);
      if (!maker) return;
      if (!replaced.has(each.name)) replaced.set(each.name, given[at]!);
      each = maker.operator === 'Identity' ? maker.inputs[0] : undefined;
    }
  });
  const current = (value: TypedValue): TypedValue => replaced.get(value.name) ?? value;
  const entries = b.tape
    .map((entry) => ({ ...entry, inputs: entry.inputs.map((each) => each && current(each)), outputs: entry.outputs.map(current) }))
    .filter(({ operator, inputs, outputs }) => operator !== 'Identity' || inputs[0]!.name !== outputs[0]!.name);
  b.tape.splice(0, b.tape.length, ...entries);
  return replaced;
}
