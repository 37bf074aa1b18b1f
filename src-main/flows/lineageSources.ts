import type { DataService } from '../stages/1-data/api.ts';
import type { LabelService } from '../stages/2-label/api.ts';
import type { TrainService } from '../stages/4-train/api.ts';
import type { RegistryDependencies } from '../stages/5-registry/api.ts';

/** What stands before a model version, for the lineage graph. */
export function lineageSources({
  data,
  label,
  train,
}: {
  data: DataService;
  label: LabelService;
  train: TrainService;
}): RegistryDependencies['sources'] {
  const numbers = ({ versions }: { versions: { version: number }[] }): number[] => versions.map(({ version }) => version);
  return {
    dataset: (name, version) => data.version(version === null ? { name } : { name, version }),
    labelSet: (name) => {
      const set = label.get(name);
      return { dataset: set.dataset, versions: numbers(set) };
    },
    labelSetsOf: ({ name, version }) =>
      label
        .list()
        .filter(({ dataset }) => dataset.name === name && dataset.version === version)
        .map((set) => ({ name: set.name, versions: numbers(set) })),
    run: (id) => train.run(id),
    runsOf: (dataset) => train.runsOf(dataset),
  };
}
