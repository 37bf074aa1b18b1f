import type { Status } from '../../components/tone.ts';
import type { EndpointPage } from '../../managers/endpoints.svelte.ts';

/** Icon and colour of an endpoint's state, the same in every list. */
export const stateStatus: Record<EndpointPage['state'], Status> = {
  starting: 'running',
  ready: 'ok',
  switching: 'running',
  failing: 'crit',
  stopped: 'neutral',
};
