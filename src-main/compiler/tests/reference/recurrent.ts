import { sigmoid } from './activation.ts';
import { transpose } from './shape.ts';
import { numberAttribute, size, tensor, textAttribute, type Operator, type OperatorContext, type ReferenceTensor } from './tensors.ts';

type Vector = readonly number[];
type Activation = (x: number) => number;

/** One sequence in one direction, with its weights as the definitions write them: gate by gate. */
interface Sequence {
  /** Σ_k W[gate][unit][k]·x[k] */
  readonly fromInput: (gate: number, unit: number, x: Vector) => number;
  readonly fromState: (gate: number, unit: number, h: Vector) => number;
  readonly inputBias: (gate: number, unit: number) => number;
  readonly recurrentBias: (gate: number, unit: number) => number;
  readonly peephole: (gate: number, unit: number) => number;
  readonly activations: readonly Activation[];
  readonly units: number;
}

/** Next states from x and the states before; the first is h. */
type Step = (sequence: Sequence, x: Vector, states: readonly Vector[]) => readonly Vector[];

export const recurrent: Readonly<Record<string, Operator>> = {
  LSTM: layer(['sigmoid', 'tanh', 'tanh'], 2, (s, x, [h, c]) => {
    const [f, g, hidden] = s.activations as [Activation, Activation, Activation];
    const sum = (gate: number, unit: number): number =>
      s.fromInput(gate, unit, x) + s.fromState(gate, unit, h!) + s.inputBias(gate, unit) + s.recurrentBias(gate, unit);
    const nextC = c!.map((before, unit) => {
      const i = f(sum(0, unit) + s.peephole(0, unit) * before);
      const forget = f(sum(2, unit) + s.peephole(2, unit) * before);
      return forget * before + i * g(sum(3, unit));
    });
    return [nextC.map((each, unit) => f(sum(1, unit) + s.peephole(1, unit) * each) * hidden(each)), nextC];
  }),
  GRU: (inputs, context) => {
    const resetAfter = numberAttribute(context.attributes, 'linear_before_reset', 0) !== 0;
    return layer(['sigmoid', 'tanh'], 1, (s, x, [h]) => {
      const [f, g] = s.activations as [Activation, Activation];
      const gate = (at: number): number[] =>
        h!.map((_, unit) => f(s.fromInput(at, unit, x) + s.fromState(at, unit, h!) + s.inputBias(at, unit) + s.recurrentBias(at, unit)));
      const [z, r] = [gate(0), gate(1)];
      const n = h!.map((_, unit) => {
        const ofState = resetAfter
          ? r[unit]! * (s.fromState(2, unit, h!) + s.recurrentBias(2, unit))
          : s.fromState(
              2,
              unit,
              h!.map((each, at) => r[at]! * each),
            ) + s.recurrentBias(2, unit);
        return g(s.fromInput(2, unit, x) + s.inputBias(2, unit) + ofState);
      });
      return [n.map((each, unit) => (1 - z[unit]!) * each + z[unit]! * h![unit]!)];
    })(inputs, context);
  },
  RNN: layer(['tanh'], 1, (s, x, [h]) => [
    h!.map((_, unit) =>
      s.activations[0]!(s.fromInput(0, unit, x) + s.fromState(0, unit, h!) + s.inputBias(0, unit) + s.recurrentBias(0, unit)),
    ),
  ]),
};

/** Runs each sequence of the batch on its own, step by step up to its length. */
function layer(usual: readonly string[], stateCount: number, step: Step): Operator {
  const timeFirst: Operator = ([X, W, R, B, lengths, initialH, initialC, P], context) => {
    const [time, batch, features] = X!.shape as [number, number, number];
    const [directions, units] = [W!.shape[0]!, R!.shape[2]!];
    const Y = tensor([time, directions, batch, units], new Float64Array(time * directions * batch * units));
    const last = Array.from({ length: stateCount }, () => tensor([directions, batch, units], new Float64Array(directions * batch * units)));
    for (let direction = 0; direction < directions; direction++) {
      const sequence = weightsOf([W!, R!, B, P], direction, activationsOf(context, usual, direction), units, features);
      const backward = textAttribute(context.attributes, 'direction', 'forward') === 'reverse' || direction === 1;
      for (let row = 0; row < batch; row++) {
        const length = lengths ? lengths.data[row]! : time;
        const at = (direction * batch + row) * units;
        let states: readonly Vector[] = [initialH, initialC]
          .slice(0, stateCount)
          .map((each) => (each ? Array.from(each.data.subarray(at, at + units)) : Array.from({ length: units }, () => 0)));
        for (let count = 0; count < length; count++) {
          const moment = backward ? length - 1 - count : count;
          const from = (moment * batch + row) * features;
          states = step(sequence, Array.from(X!.data.subarray(from, from + features)), states);
          Y.data.set(states[0]!, ((moment * directions + direction) * batch + row) * units);
        }
        last.forEach((each, state) => each.data.set(states[state]!, at));
      }
    }
    return [Y, ...last];
  };
  return (inputs, context) => {
    if (numberAttribute(context.attributes, 'layout', 0) === 0) return timeFirst(inputs, context);
    const swapped = inputs.map((each, at) => (each && [0, 5, 6].includes(at) ? transpose(each, [1, 0, 2]) : each));
    const [Y, ...last] = timeFirst(swapped, context) as readonly ReferenceTensor[];
    return [transpose(Y!, [2, 0, 1, 3]), ...last.map((each) => transpose(each, [1, 0, 2]))];
  };
}

function weightsOf(
  [W, R, B, P]: readonly [ReferenceTensor, ReferenceTensor, ReferenceTensor | undefined, ReferenceTensor | undefined],
  direction: number,
  activations: readonly Activation[],
  units: number,
  features: number,
): Sequence {
  const rows = W.shape[1]!;
  const product = (weights: ReferenceTensor, width: number, row: number, vector: Vector): number =>
    vector.reduce((sum, each, column) => sum + each * weights.data[(direction * rows + row) * width + column]!, 0);
  const part = (values: ReferenceTensor | undefined, at: number): number =>
    values ? values.data[direction * (size(values.shape) / values.shape[0]!) + at]! : 0;
  return {
    fromInput: (gate, unit, x) => product(W, features, gate * units + unit, x),
    fromState: (gate, unit, h) => product(R, units, gate * units + unit, h),
    inputBias: (gate, unit) => part(B, gate * units + unit),
    recurrentBias: (gate, unit) => part(B, rows + gate * units + unit),
    peephole: (gate, unit) => part(P, gate * units + unit),
    activations,
    units,
  };
}

function activationsOf({ attributes }: OperatorContext, usual: readonly string[], direction: number): Activation[] {
  const given = attributes['activations'];
  const functions: Readonly<Record<string, Activation>> = { sigmoid, tanh: Math.tanh, relu: (x) => Math.max(0, x) };
  return usual.map((name, at) => {
    const chosen = given?.kind === 'strings' ? given.value[direction * usual.length + at]! : name;
    return functions[chosen.toLowerCase()]!;
  });
}
