import type { VersionRef } from '../../src-shared/domain/names.ts';
import type { Result } from '../../src-shared/rpc/contract.ts';
import type { LabelService } from '../stages/2-label/api.ts';
import type { TrainService } from '../stages/4-train/api.ts';
import type { RegistryService } from '../stages/5-registry/api.ts';
import type { AdviseService } from '../stages/9-advise/api.ts';

/** What was built from a dataset version: label sets, runs, model versions, and metrics (which always read the newest). */
export function usedByOf({
  label,
  train,
  registry,
  advise,
}: {
  label: LabelService;
  train: TrainService;
  registry: RegistryService;
  advise: AdviseService;
}): (ref: VersionRef) => Result<'data.usedBy'> {
  return ({ name, version }) => {
    const isIt = (dataset: VersionRef): boolean => dataset.name === name && dataset.version === version;
    const labelSets = label.list().filter(({ dataset }) => isIt(dataset));
    const runs = train.runsOf({ name, version });
    const versions = registry.versionsOfDataset({ name, version });
    return [
      ...labelSets.map((set) => ({ kind: 'labelSet' as const, name: set.name, version: null })),
      ...runs.map((run) => ({ kind: 'run' as const, name: run.id, version: run.number })),
      ...versions.map((one) => ({ kind: 'modelVersion' as const, name: one.model, version: one.version })),
      ...advise.metricsOfDataset(name).map((metric) => ({ kind: 'metric' as const, name: metric, version: null })),
    ];
  };
}
