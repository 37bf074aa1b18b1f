// What training needs from the stages below it, and no more.
import type { FeatureSpec } from '../../../src-shared/domain/features.ts';
import type { VersionRef } from '../../../src-shared/domain/names.ts';
import type { DatasetVersion } from '../../../src-shared/domain/table.ts';
import { ModelkeepError } from '../../../src-shared/errors/modelkeepError.ts';
import type { BlobStore } from '../../platform/blobStore.ts';
import type { DatasetFile, LabelRows } from './worker/order.ts';

export interface TrainData {
  /** Throws MK_NOT_FOUND. */
  version(ref: VersionRef): DatasetVersion;
}

export interface LabelReader {
  /** Class by row of one frozen version. Throws MK_NOT_FOUND. */
  labelsOf(name: string, version: number): Promise<{ dataset: VersionRef; classes: string[]; labels: Map<number, string> }>;
}

/** The Parquet blob of a dataset version, checked against its hash: a changed file must not become a model. */
export async function datasetFile(version: DatasetVersion, blobs: BlobStore): Promise<DatasetFile> {
  await blobs.verify(version.sha256);
  return { file: blobs.path(version.sha256), rows: version.rows, columns: version.columns };
}

/** Null where the target is in the data. Errors: MK_NOT_FOUND, MK_TRAIN_LABELS_OTHER_DATA. */
export async function labelRows(
  target: FeatureSpec['target'],
  dataset: Pick<DatasetVersion, 'dataset' | 'version'>,
  reader: LabelReader,
): Promise<LabelRows | null> {
  if (target.kind !== 'labels') return null;
  const { dataset: labelled, classes, labels } = await reader.labelsOf(target.labelSet, target.version);
  if (labelled.name !== dataset.dataset || labelled.version !== dataset.version)
    throw new ModelkeepError('MK_TRAIN_LABELS_OTHER_DATA', {
      labelSet: `${target.labelSet}@${target.version}`,
      found: `${labelled.name}@${labelled.version}`,
      expected: `${dataset.dataset}@${dataset.version}`,
    });
  const codeOf = new Map(classes.map((name, code) => [name, code]));
  const rows = [...labels].filter(([, name]) => codeOf.has(name)).sort(([a], [b]) => a - b);
  return { rows: Int32Array.from(rows, ([row]) => row), codes: Int32Array.from(rows, ([, name]) => codeOf.get(name)!), classes };
}
