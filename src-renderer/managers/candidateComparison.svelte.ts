// Two finished candidates on the same test rows.
import type { Result } from '../../src-shared/rpc/contract.ts';
import { client } from '../rpc/client.svelte.ts';
import { Loaded } from './loaded.svelte.ts';

export class CandidateComparison {
  readonly compared: Loaded<Result<'train.compare'>>;
  constructor(a: string, b: string) {
    this.compared = new Loaded(() => client.call('train.compare', { a, b }));
  }
  readonly load = (): Promise<void> => this.compared.reload();
}
