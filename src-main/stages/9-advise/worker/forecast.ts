// The kept library behind the expectation: augurs' MSTL (seasons by STL) with an ETS trend; ETS alone where there is no season.
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { AutoETS, initSync as initEts } from '@bsull/augurs/ets';
import { initSync as initMstl, MSTL } from '@bsull/augurs/mstl';

/** Point forecasts of the next `horizon` values. `seasons` are lengths in periods, ascending; each needs two full turns of history. */
export type Forecast = (history: Float64Array, seasons: readonly number[], horizon: number) => number[];

let loaded = false;

/** Deterministic. Throws nothing: where the library finds no model, the mean of the history is the forecast. */
export const forecast: Forecast = (history, seasons, horizon) => {
  load();
  const usable = seasons.filter((season) => history.length >= 2 * season);
  const model = usable.length > 0 ? MSTL.ets([...usable], {}) : new AutoETS(1, 'ZZN');
  try {
    model.fit(history);
    const { point } = model.predict(horizon);
    if (point.every(Number.isFinite)) return point;
  } catch {
    // e.g. a history of four values; the mean below is then all that can be said
  } finally {
    model.free();
  }
  const mean = history.reduce((sum, value) => sum + value, 0) / Math.max(history.length, 1);
  return Array.from({ length: horizon }, () => mean);
};

/** From a buffer: the library's own way fetches a URL, which Node does not do for files. */
function load(): void {
  if (loaded) return;
  const require = createRequire(import.meta.url);
  const wasm = (name: string): Buffer => readFileSync(join(dirname(require.resolve(`@bsull/augurs/${name}`)), `${name}_bg.wasm`));
  initMstl({ module: wasm('mstl') });
  initEts({ module: wasm('ets') });
  loaded = true;
}
