// Of a forecasting table: how far ahead, and which columns of earlier rows the model may look at.
import type { FeatureSpec } from '../../src-shared/domain/features.ts';
import type { Forecast, History } from '../../src-shared/domain/history.ts';
import type { TrainRequest } from '../../src-shared/domain/training.ts';
import { askedForecast, forecastRequest } from './forecastRequest.ts';

export class ForecastChoice {
  horizon = $state<number | null>(1);
  /** The rows are predicted one by one. */
  off = $state(false);
  /** Names of features that were taken out. */
  #out = $state.raw<readonly string[]>([]);

  asked(series: Pick<History, 'timeColumn' | 'entityColumns'> | undefined): Forecast | null | undefined {
    return askedForecast(this, series);
  }
  request(spec: FeatureSpec | undefined, asked: Forecast | null | undefined): Pick<TrainRequest, 'spec' | 'forecast'> {
    return forecastRequest(spec, asked, (name) => this.isOut(name));
  }

  isOut(name: string): boolean {
    return this.#out.includes(name);
  }
  take(name: string, isIn: boolean): void {
    const others = this.#out.filter((each) => each !== name);
    this.#out = isIn ? others : [...others, name];
  }
  /** For another table or target. */
  reset(): void {
    this.horizon = 1;
    this.off = false;
    this.#out = [];
  }
}
