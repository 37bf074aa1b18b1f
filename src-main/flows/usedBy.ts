import type { VersionRef } from '../../src-shared/domain/names.ts';
import type { Result } from '../../src-shared/rpc/contract.ts';
import type { LabelService } from '../stages/2-label/api.ts';
import type { TrainService } from '../stages/4-train/api.ts';
import type { RegistryService } from '../stages/5-registry/api.ts';

/** What was built from a dataset version: label sets, runs, model versions. */
export function usedByOf({
  label,
  train,
  registry,
}: {
  label: LabelService;
  train: TrainService;
  registry: RegistryService;
}): (ref: VersionRef) => Result<'data.usedBy'> {
  return ({ name, version }) => {
    const isIt = (dataset: VersionRef): boolean => dataset.name === name && dataset.version === version;
    const labelSets = label.list().filter(({ dataset }) => isIt(dataset));
    const runs = train.runsOf({ name, version });
    const versions = registry
      .list()
      .flatMap((model) => registry.get(model.name).all)
      .filter(({ dataset }) => isIt(dataset));
    return [
      ...labelSets.map((set) => ({ kind: 'labelSet' as const, name: set.name, version: null })),
      ...runs.map((run) => ({ kind: 'run' as const, name: run.id, version: run.number })),
      ...versions.map((one) => ({ kind: 'modelVersion' as const, name: one.model, version: one.version })),
    ];
  };
}
