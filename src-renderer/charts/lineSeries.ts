// One line of a chart.
import type { DataRole } from '../components/tone.ts';

export interface LineSeries {
  name: string;
  role?: DataRole | undefined;
  /** Instead of a role: a categorical colour, 1 to 8. Colour follows the entity, never the rank. */
  category?: number | undefined;
  /** `[x, y]`; y null breaks the line. */
  points: readonly (readonly [x: number, y: number | null])[];
  /** 95% unless the label says otherwise: `[x, low, high]`. */
  band?: readonly (readonly [x: number, low: number, high: number])[] | undefined;
  /** Filled down to zero. */
  area?: boolean | undefined;
  /** Stairs: the value holds until the next. */
  step?: boolean | undefined;
  /** Points only (candidates). */
  dots?: boolean | undefined;
}
