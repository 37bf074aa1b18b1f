// What the compiler made of one candidate's network.
import type { Result } from '../../src-shared/rpc/contract.ts';
import { client } from '../rpc/client.svelte.ts';
import { Loaded } from './loaded.svelte.ts';
import type { RunDetail } from './training.svelte.ts';

export class TrainingGraphManager {
  readonly run: Loaded<RunDetail>;
  readonly graph: Loaded<Result<'train.graph'>>;

  constructor(runId: string, candidateId: string) {
    this.run = new Loaded(() => client.call('train.get', { runId }));
    this.graph = new Loaded(() => client.call('train.graph', { candidateId }));
  }

  readonly load = async (): Promise<void> => {
    await Promise.all([this.run.reload(), this.graph.reload()]);
  };
}
