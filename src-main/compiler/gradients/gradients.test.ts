import * as ort from '../../platform/onnxRuntime.ts';
import { describe, expect, it } from 'vitest';
import { isKnownOperator } from '../2-shapes/shapeRules.ts';
import { encodeModel, type Graph, type Value } from '../index.ts';
import { differentiateSample, differentiateTwice, drawInput } from '../tests/differentiateSample.ts';
import { interpret, size, tensor, type ReferenceTensor } from '../tests/referenceInterpreter.ts';
import { testRandom } from '../tests/runtimes.ts';
import type { GradientSample } from './defineGradient.ts';
import { gradients, operatorKey } from './index.ts';

type Tensors = Readonly<Record<string, ReferenceTensor>>;
/** Near the cube root of float64's epsilon, where truncation and rounding of a central difference balance. */
const epsilon = 6e-6;

describe.each(Object.entries(gradients))('%s', (key, rule) => {
  const samples = rule.samples.map((sample, number) => [number, sample] as const);

  it('names its operator, version, page, formula and samples, and its shape rule exists', () => {
    expect(key).toBe(`${operatorKey(rule.domain ?? '', rule.opType)}@${rule.sinceVersion}`);
    expect(isKnownOperator(operatorKey(rule.domain ?? '', rule.opType))).toBe(true);
    // A few operators of ONNX Runtime live in the standard domain.
    if (!rule.domain && !rule.source.includes('https://github.com/microsoft/onnxruntime/'))
      expect(rule.source).toContain(`https://onnx.ai/onnx/operators/onnx__${rule.opType}.html`);
    expect(rule.formula.length).toBeGreaterThan(0);
    expect(rule.samples.length).toBeGreaterThan(0);
  });

  it.each(samples)('sample %i: agrees with central differences in float64, input by input', (number, sample) => {
    const { forward, graph, inputs, outputs, cotangents } = differentiateSample(rule, sample, 'float64');
    const random = testRandom(1000 + number);
    const point = draw(inputs, sample, random);
    const given = drawUniform(cotangents, random);
    const results = interpret(graph, { ...point, ...given });
    // The node itself, by its definition: this also holds a decomposition against what it stands for.
    const direct = interpret(forward, point);
    outputs.forEach((each, at) => closeTo(results[each.name]!.data, direct[forward.outputs[at]!.name]!.data, 1e-9));
    for (const input of inputs) {
      const direction = drawUniform([input], random);
      const measured = slopeAlong(point, direction, (at) => {
        const moved = interpret(forward, at);
        return cotangents.reduce((sum, each, output) => sum + dot(moved[forward.outputs[output]!.name]!.data, given[each.name]!.data), 0);
      });
      expectClose(dot(direction[input.name]!.data, results[`gradient.${input.name}`]!.data), measured, 1e-8, input.name);
    }
  });

  it.each(samples)('sample %i: ONNX Runtime computes the same in float32, on one thread and on two', async (number, sample) => {
    const { graph, inputs, outputs, cotangents } = differentiateSample(rule, sample, 'float64');
    const random = testRandom(2000 + number);
    const feeds = { ...draw(inputs, sample, random), ...drawUniform(cotangents, random) };
    const expected = interpret(graph, feeds);
    const float32 = differentiateSample(rule, sample, 'float32');
    for (const threads of [1, 2]) {
      const actual = await runFloat32(float32.graph, feeds, threads);
      for (const { name } of outputs) closeTo(actual[name]!, expected[name]!.data, 2e-5);
      for (const { name } of inputs) closeTo(actual[`gradient.${name}`]!, expected[`gradient.${name}`]!.data, 2e-5);
    }
    if (sample.runsOnCpu ?? rule.runsOnCpu ?? true) {
      const native = await runFloat32(float32.forward, feeds, 1, Math.max(rule.sinceVersion, 21));
      outputs.forEach((each, at) => closeTo(native[float32.forward.outputs[at]!.name]!, expected[each.name]!.data, 2e-5));
    }
  });

  it.each((rule.secondOrder ?? true) ? samples : [])(
    'sample %i: the gradient can be differentiated again, and agrees with central differences',
    (number, sample) => {
      const { graph, inputs, directions } = differentiateTwice(rule, sample, 'float64');
      const random = testRandom(3000 + number);
      const point = { ...draw(inputs, sample, random), ...drawUniform(directions, random) };
      const results = interpret(graph, point);
      for (const input of inputs) {
        const direction = drawUniform([input], random);
        const measured = slopeAlong(point, direction, (at) => interpret(graph, at)['slope.along']!.data[0]!);
        expectClose(dot(direction[input.name]!.data, results[`second.${input.name}`]!.data), measured, 1e-7, input.name);
      }
    },
  );

  it.each(rule.specialPoints.map((point, number) => [number, point] as const))(
    'special point %i: gives the stated gradient, also in ONNX Runtime',
    async (_, point) => {
      const sample: GradientSample = {
        inputs: Object.fromEntries(Object.entries(point.inputs).map(([name, each]) => [name, each!.shape])),
        ...(point.constants && { constants: point.constants }),
        ...(point.attributes && { attributes: point.attributes }),
      };
      const { graph, cotangents } = differentiateSample(rule, sample, 'float64');
      const feeds: Record<string, ReferenceTensor> = Object.fromEntries(
        Object.entries(point.inputs).map(([name, each]) => [name, tensor(each!.shape, each!.values)]),
      );
      cotangents.forEach((each, at) => {
        const shape = each.shape as number[];
        feeds[each.name] = tensor(shape, at === 0 && point.cotangent ? point.cotangent : Array.from({ length: size(shape) }, () => 1));
      });
      const reference = interpret(graph, feeds);
      const actual = await runFloat32(differentiateSample(rule, sample, 'float32').graph, feeds, 1);
      for (const [name, expected] of Object.entries(point.gradients)) {
        closeTo(reference[`gradient.${name}`]!.data, expected!, 1e-9);
        closeTo(actual[`gradient.${name}`]!, expected!, 1e-6);
      }
    },
  );
});

function draw(values: readonly Value[], sample: GradientSample, random: () => number): Tensors {
  return Object.fromEntries(
    values.map((each) => [each.name, each.name.startsWith('cotangent') ? uniform(each, random) : drawInput(each, sample, random)]),
  );
}

function drawUniform(values: readonly Value[], random: () => number): Tensors {
  return Object.fromEntries(values.map((each) => [each.name, uniform(each, random)]));
}

function uniform(value: Value, random: () => number): ReferenceTensor {
  const shape = value.shape as number[];
  return tensor(
    shape,
    Array.from({ length: size(shape) }, () => random() * 2 - 1),
  );
}

/** Central difference of `f` along `direction`. */
function slopeAlong(point: Tensors, direction: Tensors, f: (point: Tensors) => number): number {
  const moved = (by: number): number =>
    f({
      ...point,
      ...Object.fromEntries(
        Object.entries(direction).map(([name, { shape, data }]) => [
          name,
          tensor(
            shape,
            data.map((each, at) => point[name]!.data[at]! + by * each),
          ),
        ]),
      ),
    });
  return (moved(epsilon) - moved(-epsilon)) / (2 * epsilon);
}

async function runFloat32(graph: Graph, feeds: Tensors, threads: number, opset?: number): Promise<Record<string, Float32Array>> {
  const session = await ort.InferenceSession.create(
    encodeModel(graph, { producer: 'test', ...(opset && { opsets: { '': opset, 'com.microsoft': 1 } }) }),
    {
      intraOpNumThreads: threads,
      logSeverityLevel: 4,
    },
  );
  try {
    const used = Object.fromEntries(
      session.inputNames.map((name) => [name, new ort.Tensor('float32', Float32Array.from(feeds[name]!.data), feeds[name]!.shape)]),
    );
    const out = await session.run(used);
    return Object.fromEntries(Object.entries(out).map(([name, each]) => [name, each.data as Float32Array]));
  } finally {
    await session.release();
  }
}

function dot(left: Float64Array, right: Float64Array): number {
  return left.reduce((sum, each, at) => sum + each * right[at]!, 0);
}

function expectClose(claimed: number, measured: number, tolerance: number, what: string): void {
  expect(Math.abs(claimed - measured), `${what}: claimed ${claimed}, measured ${measured}`).toBeLessThan(
    tolerance * Math.max(1, Math.abs(measured)),
  );
}

function closeTo(actual: ArrayLike<number>, expected: ArrayLike<number>, tolerance: number): void {
  expect(actual.length).toBe(expected.length);
  for (let at = 0; at < expected.length; at++) {
    const bound = tolerance * Math.max(1, Math.abs(expected[at]!));
    expect(Math.abs(actual[at]! - expected[at]!), `element ${at}: ${actual[at]} for ${expected[at]}`).toBeLessThanOrEqual(bound);
  }
}
