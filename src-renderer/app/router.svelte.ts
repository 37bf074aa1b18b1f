// Where the person is. The address is the only place that holds it, so that back, forward and reload just work.
import '../rpc/token.ts'; // takes the token out of the address before it is read here
import { formatHash, parseHash, type Address } from './routes.ts';

class Router {
  #address = $state.raw<Address>(parseHash(location.hash));

  constructor() {
    addEventListener('hashchange', () => (this.#address = parseHash(location.hash)));
  }

  get segments(): string[] {
    return this.#address.segments;
  }
  get query(): URLSearchParams {
    return this.#address.query;
  }
  /** First segment: the area whose rail item is lit. */
  get area(): string {
    return this.#address.segments[0] ?? '';
  }

  /** `router.go('data', 'churn', 'v3')`. */
  go(...segments: (string | number)[]): void {
    location.hash = formatHash(segments);
  }
  /** Follows a hash that came from the core, such as a lineage node's route. */
  follow(hash: string): void {
    location.hash = hash;
  }
  /** Changes the query only (tab, selection), without a step in the history. `undefined` removes a name. */
  setQuery(change: Record<string, string | number | undefined>): void {
    const query = { ...Object.fromEntries(this.#address.query), ...change };
    history.replaceState(null, '', formatHash(this.#address.segments, query));
    this.#address = parseHash(location.hash);
  }
}

export const router = new Router();

/** For links: `<a href={href('data', name, `v${version}`)}>`. */
export function href(...segments: (string | number)[]): string {
  return formatHash(segments);
}
