import fc from 'fast-check';
import { expect, it } from 'vitest';
import { batches } from './batches.ts';

it('covers every row once, in order, and keeps rows × longest text within bounds', () => {
  fc.assert(
    fc.property(
      fc.array(fc.oneof(fc.integer({ min: 0, max: 500 }), fc.constant(3_000_000), fc.constant(100_000)), { maxLength: 200 }),
      fc.integer({ min: 1, max: 64 }),
      (lengths, most) => {
        let next = 0;
        for (const [start, end] of batches(lengths.length, most, (row) => lengths[row]!)) {
          expect(start).toBe(next);
          expect(end).toBeGreaterThan(start);
          expect(end - start).toBeLessThanOrEqual(most);
          const longest = Math.max(...lengths.slice(start, end));
          if (end - start > 1) expect(longest * (end - start)).toBeLessThanOrEqual(2_000_000);
          next = end;
        }
        expect(next).toBe(lengths.length);
      },
    ),
    { seed: 1 },
  );
});
