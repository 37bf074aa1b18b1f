// The time of day as reactive state, for elapsed times. It runs only while something reads it.
import { createSubscriber } from 'svelte/reactivity';

class Ticker {
  readonly #subscribe = createSubscriber((update) => {
    const timer = setInterval(update, 1000);
    return () => clearInterval(timer);
  });

  /** Milliseconds since 1970; reading it inside a component redraws that component every second. */
  get now(): number {
    this.#subscribe();
    return Date.now();
  }
}

export const ticker = new Ticker();
