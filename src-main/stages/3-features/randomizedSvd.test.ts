import { describe, expect, it } from 'vitest';
import { counterRandom } from '../../platform/random.ts';
import { randomizedSvd, type SparseRows } from './randomizedSvd.ts';

describe('the randomized singular value decomposition', () => {
  it('finds the directions and values that a matrix was made of', () => {
    const random = counterRandom(4, 0);
    const [rows, width] = [200, 60];
    const left = orthonormal(3, rows, random);
    const right = orthonormal(3, width, random);
    const singular = [9, 4, 1];
    const x = sparse(
      Array.from({ length: rows }, (_, row) =>
        Array.from({ length: width }, (__, column) =>
          singular.reduce((sum, value, at) => sum + value * left[at]![row]! * right[at]![column]!, 0),
        ),
      ),
    );
    const found = randomizedSvd(x, 3);
    found.singular.forEach((value, at) => expect(value).toBeCloseTo(singular[at]!, 9));
    right.forEach((direction, at) => {
      const along = direction.reduce((sum, value, column) => sum + value * found.vectors[column * 3 + at]!, 0);
      expect(Math.abs(along)).toBeCloseTo(1, 9);
    });
  });

  it('gives zeros where there are fewer directions than asked for', () => {
    const found = randomizedSvd(
      sparse([
        [1, 0],
        [2, 0],
      ]),
      2,
    );
    expect(found.singular[0]).toBeCloseTo(Math.sqrt(5), 12);
    expect(found.singular[1]).toBeCloseTo(0, 6);
    expect([...found.vectors].every(Number.isFinite)).toBe(true);
  });
});

function sparse(matrix: number[][]): SparseRows {
  const width = matrix[0]!.length;
  const cells = matrix.flatMap((row) => row.map((value, column) => ({ value, column }))).filter(({ value }) => value !== 0);
  const starts = [0];
  for (const row of matrix) starts.push(starts.at(-1)! + row.filter((value) => value !== 0).length);
  return {
    rows: matrix.length,
    width,
    starts: Int32Array.from(starts),
    columns: Int32Array.from(cells, ({ column }) => column),
    values: Float64Array.from(cells, ({ value }) => value),
  };
}

function orthonormal(count: number, length: number, random: { next(): number }): number[][] {
  const done: number[][] = [];
  while (done.length < count) {
    const vector = Array.from({ length }, () => random.next() - 0.5);
    for (const other of done) {
      const along = vector.reduce((sum, value, at) => sum + value * other[at]!, 0);
      vector.forEach((value, at) => (vector[at] = value - along * other[at]!));
    }
    const size = Math.hypot(...vector);
    done.push(vector.map((value) => value / size));
  }
  return done;
}
