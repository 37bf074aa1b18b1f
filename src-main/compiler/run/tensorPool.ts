import type { TensorSpec } from '../compileTraining.ts';
import { elementCount } from '../onnx/graph.ts';
import type { FloatArray, Runtime, RuntimeTensor } from './runtime.ts';

/** Arrays for named tensors, allocated once, together with the runtime's view of each. */
export class TensorPool {
  readonly #arrays = new Map<string, FloatArray>();
  readonly #tensors = new Map<string, RuntimeTensor>();

  constructor(runtime: Runtime, dtype: 'float32' | 'float64', specs: readonly TensorSpec[]) {
    for (const { name, shape } of specs) {
      const array = dtype === 'float32' ? new Float32Array(elementCount(shape)) : new Float64Array(elementCount(shape));
      this.#arrays.set(name, array);
      this.#tensors.set(name, runtime.tensor(dtype, array, shape));
    }
  }

  length(name: string): number {
    return this.#array(name).length;
  }

  write(name: string, values: FloatArray | undefined): void {
    const array = this.#array(name);
    if (values?.length !== array.length) throw new Error(`"${name}" takes ${array.length} numbers, not ${values?.length ?? 'nothing'}.`);
    array.set(values);
  }

  /** Sets numbers smaller than `limit` to 0. */
  zeroBelow(name: string, limit: number): void {
    const array = this.#array(name);
    for (let at = 0; at < array.length; at++) if (Math.abs(array[at]!) < limit) array[at] = 0;
  }

  isFinite(specs: readonly TensorSpec[]): boolean {
    return specs.every(({ name }) => {
      const array = this.#array(name);
      // x − x is 0 for finite numbers and NaN otherwise; far quicker than asking for each.
      let sum = 0;
      for (let at = 0; at < array.length; at++) sum += array[at]! - array[at]!;
      return sum === 0;
    });
  }

  copies(specs: readonly TensorSpec[]): Record<string, FloatArray> {
    return Object.fromEntries(specs.map(({ name }) => [name, this.#array(name).slice()]));
  }

  tensors(specs: readonly TensorSpec[], rename: (name: string) => string = (name) => name): Record<string, RuntimeTensor> {
    return Object.fromEntries(specs.map(({ name }) => [rename(name), this.#tensors.get(name)!]));
  }

  #array(name: string): FloatArray {
    const array = this.#arrays.get(name);
    if (!array) throw new Error(`There is no tensor "${name}".`);
    return array;
  }
}
