import { readInteger, readIntegers } from '../../onnx/attributes.ts';
import { fixed, type ShapeRule, type TensorType } from './shapeRule.ts';

export const control = {
  /** Axes other than the first are not scanned here: imported Scans are unrolled, ours use the first. */
  Scan: ({ inputs, attributes }) => {
    const body = attributes['body'];
    if (body?.kind !== 'graph') throw new Error('Scan: there is no "body".');
    const scanCount = readInteger(attributes, 'num_scan_inputs', 0);
    const stateCount = body.value.inputs.length - scanCount;
    const axes = [...(readIntegers(attributes, 'scan_input_axes') ?? []), ...(readIntegers(attributes, 'scan_output_axes') ?? [])];
    if (axes.some((axis) => axis !== 0)) throw new Error('Scan: only the first axis can be scanned.');
    if (scanCount < 1 || stateCount < 0) throw new Error(`Scan: ${scanCount} scanned inputs of ${body.value.inputs.length}.`);
    const states = inputs.slice(0, stateCount) as readonly TensorType[];
    const lengths = inputs.slice(stateCount, stateCount + scanCount).map((each) => fixed(each?.shape[0], 'The length of a Scan'));
    if (lengths.some((each) => each !== lengths[0])) throw new Error(`Scan: the lengths ${lengths.join(', ')} differ.`);
    const stacked = body.value.outputs.slice(stateCount).map(({ name, dtype, shape }): TensorType => {
      if (!shape) throw new Error(`Scan: the shape of "${name}" is not known.`);
      return { dtype, shape: [lengths[0]!, ...shape] };
    });
    return [...states, ...stacked];
  },
} satisfies Record<string, ShapeRule>;
