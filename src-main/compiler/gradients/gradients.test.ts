import * as ort from '../../platform/onnxRuntime.ts';
import { describe, expect, it } from 'vitest';
import { differentiableOperators } from '../1-parse/operators.ts';
import { isKnownOperator } from '../2-shapes/shapeRules.ts';
import { encodeModel, type Graph } from '../index.ts';
import { differentiateSample, drawInput } from '../tests/differentiateSample.ts';
import { interpret, size, tensor, type ReferenceTensor } from '../tests/referenceInterpreter.ts';
import { testRandom } from '../tests/runtimes.ts';
import type { GradientRule } from './defineGradient.ts';
import { gradients } from './index.ts';

const rules = Object.entries(gradients).map(([key, rule]): [string, GradientRule] => [key, rule as unknown as GradientRule]);
/** Near the cube root of float64's epsilon, where truncation and rounding of a central difference balance. */
const epsilon = 6e-6;

describe.each(rules)('%s', (key, rule) => {
  it('names its operator, version, page, formula and samples, and its shape rule exists', () => {
    expect(key).toBe(`${rule.opType}@${rule.sinceVersion}`);
    expect(differentiableOperators).toContain(key);
    expect(isKnownOperator(rule.opType)).toBe(true);
    expect(rule.source).toContain(`https://onnx.ai/onnx/operators/onnx__${rule.opType}.html`);
    expect(rule.formula).toContain('d');
    expect(rule.samples.length).toBeGreaterThan(0);
  });

  it.each(rule.samples.map((sample, number) => [number, sample] as const))(
    'sample %i: agrees with central differences in float64, input by input',
    (number, sample) => {
      const { graph, inputs, output } = differentiateSample(rule, sample, 'float64');
      const random = testRandom(1000 + number);
      const point = Object.fromEntries(inputs.map((each) => [each.name, drawInput(each, sample, random)]));
      const cotangent = tensor(
        output.shape as number[],
        Array.from({ length: size(output.shape as number[]) }, () => random() * 2 - 1),
      );
      const results = interpret(graph, { ...point, cotangent });
      for (const { name } of inputs) {
        const direction = tensor(
          point[name]!.shape,
          point[name]!.data.map(() => random() * 2 - 1),
        );
        const moved = (by: number): Float64Array => {
          const shifted = tensor(
            point[name]!.shape,
            point[name]!.data.map((each, at) => each + by * direction.data[at]!),
          );
          return interpret(graph, { ...point, [name]: shifted, cotangent })[output.name]!.data;
        };
        const [above, below] = [moved(epsilon), moved(-epsilon)];
        const measured = dot(
          above.map((each, at) => (each - below[at]!) / (2 * epsilon)),
          cotangent.data,
        );
        const claimed = dot(direction.data, results[`gradient.${name}`]!.data);
        expect(Math.abs(claimed - measured), `${name}: claimed ${claimed}, measured ${measured}`).toBeLessThan(
          1e-8 * Math.max(1, Math.abs(measured)),
        );
      }
    },
  );

  it.each(rule.samples.map((sample, number) => [number, sample] as const))(
    'sample %i: ONNX Runtime computes the same gradients in float32',
    async (number, sample) => {
      const { graph, inputs, output } = differentiateSample(rule, sample, 'float64');
      const random = testRandom(2000 + number);
      const point = Object.fromEntries(inputs.map((each) => [each.name, drawInput(each, sample, random)]));
      const cotangent = tensor(
        output.shape as number[],
        Array.from({ length: size(output.shape as number[]) }, () => random() * 2 - 1),
      );
      const expected = interpret(graph, { ...point, cotangent });
      const actual = await runFloat32(differentiateSample(rule, sample, 'float32').graph, { ...point, cotangent });
      for (const { name } of inputs) closeTo(actual[`gradient.${name}`]!, expected[`gradient.${name}`]!.data, 2e-5);
    },
  );

  it.each(rule.specialPoints.map((point, number) => [number, point] as const))(
    'special point %i: gives the stated gradient, also in ONNX Runtime',
    async (_, point) => {
      const shapes = Object.fromEntries(Object.entries(point.inputs).map(([name, each]) => [name, each!.shape]));
      const sample = { inputs: shapes, ...(point.attributes && { attributes: point.attributes }) };
      const { graph, output } = differentiateSample(rule, sample, 'float64');
      const shape = output.shape as number[];
      const cotangent = tensor(shape, point.cotangent ?? Array.from({ length: size(shape) }, () => 1));
      const feeds = {
        ...Object.fromEntries(Object.entries(point.inputs).map(([name, each]) => [name, tensor(each!.shape, each!.values)])),
        cotangent,
      };
      const reference = interpret(graph, feeds);
      const actual = await runFloat32(differentiateSample(rule, sample, 'float32').graph, feeds);
      for (const [name, expected] of Object.entries(point.gradients)) {
        closeTo(reference[`gradient.${name}`]!.data, expected!, 1e-9);
        closeTo(actual[`gradient.${name}`]!, expected!, 1e-6);
      }
    },
  );
});

async function runFloat32(graph: Graph, feeds: Readonly<Record<string, ReferenceTensor>>): Promise<Record<string, Float32Array>> {
  const session = await ort.InferenceSession.create(encodeModel(graph, { producer: 'test' }), {
    intraOpNumThreads: 1,
    logSeverityLevel: 4,
  });
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

function closeTo(actual: ArrayLike<number>, expected: ArrayLike<number>, tolerance: number): void {
  expect(actual.length).toBe(expected.length);
  for (let at = 0; at < expected.length; at++) {
    const bound = tolerance * Math.max(1, Math.abs(expected[at]!));
    expect(Math.abs(actual[at]! - expected[at]!), `element ${at}: ${actual[at]} for ${expected[at]}`).toBeLessThanOrEqual(bound);
  }
}
