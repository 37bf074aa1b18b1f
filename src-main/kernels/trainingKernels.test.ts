import { describe, expect, it } from 'vitest';
import { KernelMemory, paddedLength } from './KernelMemory.ts';
import { TrainingKernels, type Vector } from './trainingKernels.ts';

// Lengths around the four lanes, the cache line and the blocks of the sum.
const lengths = [1, 3, 4, 5, 16, 37, 4096, 4101, 10_007];

function setUp(length: number, vectorCount: number) {
  const memory = new KernelMemory((vectorCount + 1) * paddedLength(length));
  const vectors = Array.from({ length: vectorCount }, () => memory.vector(length));
  const guard = memory.vector(1);
  guard[0] = 12_345;
  const random = noise(length + vectorCount);
  for (const each of vectors) for (let at = 0; at < length; at++) each[at] = random();
  return { memory, kernels: new TrainingKernels(memory), vectors: vectors as [Vector, Vector, Vector, Vector], guard };
}

/** Uniform in −1 … 1. */
function noise(seed: number): () => number {
  let state = seed * 2_654_435_761 || 1;
  return () => {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    return ((state >>> 0) / 2 ** 32) * 2 - 1;
  };
}

/** Terms are about 1 in size: what float32 loses is a few units of 6e-8, relative where results are larger. */
function expectClose(actual: Vector, expected: readonly number[]): void {
  const worst = expected.reduce((most, each, at) => Math.max(most, Math.abs(actual[at]! - each) / Math.max(1, Math.abs(each))), 0);
  expect(worst).toBeLessThan(6e-7);
}

/** What pads a vector, as raw numbers. */
function padding(vector: Vector): Float32Array {
  return new Float32Array(
    vector.buffer,
    vector.byteOffset + vector.length * Float32Array.BYTES_PER_ELEMENT,
    paddedLength(vector.length) - vector.length,
  );
}

describe('training kernels against float64 loops', () => {
  describe.each(lengths)('%d numbers', (length) => {
    const s = 0.75;

    it('sgd', () => {
      const { kernels, vectors, guard } = setUp(length, 2);
      const [p, g] = vectors;
      const expected = Array.from(p, (each, at) => 0.99 * each - 0.1 * s * g[at]!);
      kernels.sgd(p, g, { gradientScale: s, rate: 0.1, keep: 0.99 });
      expectClose(p, expected);
      expect(guard[0]).toBe(12_345);
    });

    it.each([false, true])('momentum (Nesterov: %s)', (nesterov) => {
      const { kernels, vectors, guard } = setUp(length, 3);
      const [p, g, b] = vectors;
      const buffer = Array.from(b, (each, at) => 0.9 * each + s * g[at]!);
      const expected = Array.from(p, (each, at) => 0.99 * each - 0.1 * (nesterov ? s * g[at]! + 0.9 * buffer[at]! : buffer[at]!));
      kernels.momentum(p, g, b, { gradientScale: s, mu: 0.9, rate: 0.1, keep: 0.99, nesterov });
      expectClose(b, buffer);
      expectClose(p, expected);
      expect(guard[0]).toBe(12_345);
    });

    it('adam', () => {
      const { kernels, vectors, guard } = setUp(length, 4);
      const [p, g, m, v] = vectors;
      v.forEach((each, at) => (v[at] = Math.abs(each)));
      const first = Array.from(m, (each, at) => 0.9 * each + s * g[at]!);
      const second = Array.from(v, (each, at) => 0.999 * each + (s * g[at]!) ** 2);
      const expected = Array.from(p, (each, at) => 0.99 * each - (0.01 * first[at]!) / (Math.sqrt(second[at]!) + 1e-6));
      kernels.adam(p, g, m, v, { gradientScale: s, beta1: 0.9, beta2: 0.999, stepSize: 0.01, epsilon: 1e-6, keep: 0.99 });
      expectClose(m, first);
      expectClose(v, second);
      expectClose(p, expected);
      expect(padding(p).every((each) => each === 0)).toBe(true);
      expect(guard[0]).toBe(12_345);
    });

    it('lion', () => {
      const { kernels, vectors } = setUp(length, 3);
      const [p, g, m] = vectors;
      if (length > 3) g[2] = m[2] = 0; // sign(0) = 0
      const expected = Array.from(p, (each, at) => 0.99 * each - 0.01 * Math.sign(0.9 * m[at]! + 0.1 * s * g[at]!));
      const momenta = Array.from(m, (each, at) => 0.99 * each + 0.01 * s * g[at]!);
      kernels.lion(p, g, m, { gradientScale: s, beta1: 0.9, beta2: 0.99, rate: 0.01, keep: 0.99 });
      expectClose(p, expected);
      expectClose(m, momenta);
    });

    it('lambDirection', () => {
      const { kernels, vectors } = setUp(length, 4);
      const [p, g, m, v] = vectors;
      v.forEach((each, at) => (v[at] = Math.abs(each)));
      const first = Array.from(m, (each, at) => 0.9 * each + s * g[at]!);
      const second = Array.from(v, (each, at) => 0.999 * each + (s * g[at]!) ** 2);
      const expected = Array.from(p, (each, at) => (0.3 * first[at]!) / (Math.sqrt(second[at]!) + 1e-6) + 0.01 * each);
      kernels.lambDirection(p, g, m, v, { gradientScale: s, beta1: 0.9, beta2: 0.999, stepSize: 0.3, epsilon: 1e-6, decay: 0.01 });
      expectClose(g, expected);
    });

    it('adafactorVector', () => {
      const { kernels, vectors } = setUp(length, 2);
      const [g, v] = vectors;
      v.forEach((each, at) => (v[at] = Math.abs(each)));
      const squares = Array.from(v, (each, at) => each + 0.2 * ((s * g[at]!) ** 2 - each));
      const direction = Array.from(g, (each, at) => (s * each) / Math.sqrt(Math.max(squares[at]!, 1e-6)));
      const sum = kernels.adafactorVector(g, v, { gradientScale: s, fresh: 0.2, epsilon: 1e-3 });
      expectClose(v, squares);
      expectClose(g, direction);
      expect(sum / direction.reduce((total, each) => total + each * each, 0)).toBeCloseTo(1, 5);
    });

    it('scale, addScaled, moveTowards, sumOfSquares', () => {
      const { kernels, vectors } = setUp(length, 2);
      const [a, b] = vectors;
      const squares = a.reduce((total, each) => total + each * each, 0);
      expect(kernels.sumOfSquares(a) / squares).toBeCloseTo(1, 6);
      const moved = Array.from(a, (each, at) => each + 0.3 * (b[at]! - each));
      kernels.moveTowards(a, b, 0.3);
      expectClose(a, moved);
      const added = Array.from(a, (each, at) => each - 2 * b[at]!);
      kernels.addScaled(a, b, -2);
      expectClose(a, added);
      const scaled = Array.from(a, (each) => 0.1 * each);
      kernels.scale(a, 0.1);
      expectClose(a, scaled);
      kernels.moveTowards(a, b, 1);
      expect(a).toEqual(b);
    });

    it('sumParts adds in the order of the parts, bit for bit', () => {
      const { kernels, vectors } = setUp(length, 4);
      const [first, second, third] = vectors;
      const expected = Float32Array.from(first, (_, at) => Math.fround(Math.fround(first[at]! + second[at]!) + third[at]!));
      kernels.sumParts([first, second, third]);
      expect(first).toEqual(expected);
    });

    it('zeroBelow and firstNotFinite', () => {
      const { kernels, vectors, guard } = setUp(length, 1);
      const [a] = vectors;
      a[0] = 1e-40;
      a[length - 1] = length === 1 ? 1e-40 : -1e-30;
      kernels.zeroBelow(a, 1e-25);
      expect(a[0]).toBe(0);
      expect(a[length - 1]).toBe(0);
      expect(kernels.firstNotFinite(a)).toBe(-1);
      for (const broken of [Number.NaN, Infinity, -Infinity]) {
        a.fill(1);
        a[length - 1] = broken;
        expect(kernels.firstNotFinite(a)).toBe(length - 1);
      }
      expect(guard[0]).toBe(12_345);
    });
  });

  it.each([
    [1, 3, 5],
    [1, 4, 8],
    [3, 2, 7],
    [2, 5, 1],
    [1, 1, 6],
  ])('adafactorMatrix, %d matrices of %d × %d', (matrices, rows, columns) => {
    const memory = new KernelMemory(10 * paddedLength(matrices * rows * columns));
    const kernels = new TrainingKernels(memory);
    const [g, r, c] = [matrices * rows * columns, matrices * rows, matrices * columns].map((size) => memory.vector(size)) as [
      Vector,
      Vector,
      Vector,
    ];
    const random = noise(5);
    for (let at = 0; at < g.length; at++) g[at] = random();
    for (const each of [r, c]) for (let at = 0; at < each.length; at++) each[at] = Math.abs(random());
    const [s, fresh, epsilon] = [0.5, 0.3, 1e-4];
    const direction: number[] = [];
    const rowSquares: number[] = [];
    const columnSquares: number[] = [];
    for (let matrix = 0; matrix < matrices; matrix++) {
      const square = (row: number, column: number): number => (s * g[(matrix * rows + row) * columns + column]!) ** 2;
      const mean = (count: number, of: (at: number) => number): number =>
        Array.from({ length: count }, (_, at) => of(at)).reduce((sum, each) => sum + each, 0) / count;
      const newRows = Array.from({ length: rows }, (_, row) => {
        const old = r[matrix * rows + row]!;
        return old + fresh * (mean(columns, (column) => square(row, column)) - old);
      });
      const newColumns = Array.from({ length: columns }, (_, column) => {
        const old = c[matrix * columns + column]!;
        return old + fresh * (mean(rows, (row) => square(row, column)) - old);
      });
      const meanRow = Math.max(
        mean(rows, (row) => newRows[row]!),
        epsilon,
      );
      for (let row = 0; row < rows; row++)
        for (let column = 0; column < columns; column++)
          direction.push(
            (s * g[(matrix * rows + row) * columns + column]!) /
              Math.sqrt(Math.max((newRows[row]! * newColumns[column]!) / meanRow, epsilon ** 2)),
          );
      rowSquares.push(...newRows);
      columnSquares.push(...newColumns);
    }
    const sum = kernels.adafactorMatrix(g, r, c, { matrices, rows, columns }, { gradientScale: s, fresh, epsilon });
    expectClose(g, direction);
    expectClose(r, rowSquares);
    expectClose(c, columnSquares);
    expect(sum / direction.reduce((total, each) => total + each * each, 0)).toBeCloseTo(1, 5);
  });

  it('refuses vectors of another memory or length', () => {
    const { kernels, vectors } = setUp(8, 2);
    const other = setUp(8, 1).vectors[0];
    expect(() => kernels.addScaled(vectors[0], other, 1)).toThrow('not of this memory');
    expect(() => kernels.addScaled(vectors[0], vectors[1].subarray(0, 4), 1)).toThrow('meets one of 8');
  });

  it('says when the memory would be too large', () => {
    expect(() => new KernelMemory(2 ** 31)).toThrow(expect.objectContaining({ code: 'MK_KERNELS_MEMORY_EXCEEDED' }));
  });
});

describe('rows of a table', () => {
  const [width, tableRows] = [12, 50];
  const numbers = { gradientScale: 0.75, beta1: 0.9, beta2: 0.999, stepSize: 0.01, epsilon: 1e-8, keep: 0.99 };

  it('adamRows does on its rows what adam does on all, and leaves the others', () => {
    const all = setUp(tableRows * width, 4);
    const some = setUp(tableRows * width, 4);
    const before = some.vectors.map((each) => each.slice());
    const rows = new KernelMemory(64 + 5 * paddedLength(tableRows * width));
    const vectors = some.vectors.map((each) => {
      const moved: Vector = rows.vector(each.length);
      moved.set(each);
      return moved;
    }) as [Vector, Vector, Vector, Vector];
    const list = rows.integers(3);
    list.set([49, 0, 7]);
    all.kernels.adam(...absolute(all.vectors), numbers);
    new TrainingKernels(rows).adamRows({ rows: list, width }, ...absolute(vectors), numbers);
    for (let row = 0; row < tableRows; row++)
      vectors.forEach((each, which) => {
        const own = (from: Vector): Vector => from.subarray(row * width, (row + 1) * width);
        const kept = which === 3 ? before[which]!.map(Math.abs) : before[which]!;
        expect(own(each)).toEqual(own(list.includes(row) ? all.vectors[which]! : kept));
      });
  });

  it('addRows adds one after the other, clearRows undoes it; indices below 0 count from the end', () => {
    const odd = 5;
    const memory = new KernelMemory(64 + 2 * paddedLength(tableRows * odd));
    const [table, rows, indices] = [memory.vector(tableRows * odd), memory.vector(4 * odd), memory.integers(4)];
    const random = noise(3);
    rows.set(Array.from({ length: 4 * odd }, random));
    indices.set([3, -1, 3, 0]);
    const kernels = new TrainingKernels(memory);
    kernels.addRows(table, odd, rows, indices);
    const row = (of: Vector, at: number): number[] => [...of.subarray(at * odd, (at + 1) * odd)];
    expect(row(table, 3)).toEqual(row(rows, 0).map((each, at) => Math.fround(each + row(rows, 2)[at]!)));
    expect(row(table, tableRows - 1)).toEqual(row(rows, 1));
    expect(row(table, 0)).toEqual(row(rows, 3));
    expect(table.filter((each) => each !== 0)).toHaveLength(3 * odd);
    kernels.clearRows(table, odd, indices);
    expect(table.every((each) => each === 0)).toBe(true);
  });

  /** Second moments are not below 0. */
  function absolute(vectors: readonly [Vector, Vector, Vector, Vector]): [Vector, Vector, Vector, Vector] {
    vectors[3].forEach((each, at) => (vectors[3][at] = Math.abs(each)));
    return [...vectors];
  }
});
