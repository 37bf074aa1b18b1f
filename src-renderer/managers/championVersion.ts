// What a run has to beat: the champion of the model that it names, else of one that answers the same question about the same data.
import { targetName } from '../../src-shared/domain/target.ts';
import type { Result } from '../../src-shared/rpc/contract.ts';
import type { RunDetail } from './training.svelte.ts';

type Models = Result<'registry.list'>;
export type ChampionVersion = NonNullable<Models[number]['champion']>;

/** A model of the run itself is nothing to beat. */
export function championVersion({ id, request }: Pick<RunDetail, 'id' | 'request'>, models: Models): ChampionVersion | null {
  const { compareWith, registerAs, dataset, target } = request;
  const isRival = (version: ChampionVersion | null): version is ChampionVersion => version !== null && version.runId !== id;
  for (const name of [compareWith, registerAs]) {
    const champion = models.find((model) => model.name === name)?.champion ?? null;
    if (isRival(champion)) return champion;
  }
  // The newest answers what people ask now.
  return (
    models
      .flatMap(({ champion }) => (isRival(champion) ? [champion] : []))
      .filter((champion) => champion.dataset.name === dataset.name && champion.signature.target === targetName(target))
      .toSorted((a, b) => b.createdAt - a.createdAt)[0] ?? null
  );
}
