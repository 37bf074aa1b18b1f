import type { Run } from '../../src-shared/domain/training.ts';
import type { Caller, Result } from '../../src-shared/rpc/contract.ts';
import type { TrainService } from '../stages/4-train/api.ts';
import type { RegistryService } from '../stages/5-registry/api.ts';

/** What a training job reports beside its run, where the request asked for it. */
export interface AfterTraining {
  registered?: { name: string; version: number };
  comparedWith?: { model: string; version: number } & Pick<Result<'registry.compare'>, 'rows' | 'metrics' | 'answersChanged' | 'note'>;
}

/** The end of a run: its best candidate becomes a version (`registerAs`) and is held against a champion on the same rows (`compareWith`).
 *  Repeating it after a kill gives the same version. Errors: those of `register` and `compare`. */
export async function afterTraining(
  { registry, train }: { registry: RegistryService; train: TrainService },
  run: Run,
  caller: Caller,
): Promise<AfterTraining> {
  const { registerAs, compareWith } = run.request;
  if (run.state !== 'done' || run.bestCandidateId === null) return {};
  const found: AfterTraining = {};
  if (registerAs !== undefined) {
    const { model, version } = await registry.register({ candidateId: run.bestCandidateId, name: registerAs, description: '' }, caller);
    found.registered = { name: model, version };
  }
  const champion = compareWith === undefined ? null : registry.aliased(compareWith, 'champion');
  if (champion) {
    const { candidate } = train.candidate(run.bestCandidateId);
    const challenger = { sha256: candidate.sha256!, runId: run.id };
    found.comparedWith = { model: champion.model, version: champion.version, ...(await train.compare(champion, challenger)) };
  }
  return found;
}
