import type { BlobStore } from '../platform/blobStore.ts';
import type { TrainService } from '../stages/4-train/api.ts';
import type { RegistryService } from '../stages/5-registry/api.ts';
import type { ModelResolver, ServableVersion } from '../stages/6-serve/api.ts';
import { requireAliased } from './requireAliased.ts';

/** Serving asks for versions; the registry knows them, the blob store has their files, training their reference. */
export function servableModels({
  registry,
  train,
  blobs,
}: {
  registry: RegistryService;
  train: TrainService;
  blobs: BlobStore;
}): ModelResolver {
  const version = (model: string, number: number): ServableVersion => {
    const { sha256, signature, primaryMetric, test, candidateId } = registry.version({ name: model, version: number });
    const reference = train.referenceBlob(candidateId);
    return {
      model,
      version: number,
      sha256,
      path: blobs.path(sha256),
      signature,
      reference: reference === null ? null : { sha256: reference, path: blobs.path(reference) },
      primaryMetric,
      test,
    };
  };
  return {
    version,
    resolve: (model, alias) => version(model, requireAliased(registry, model, alias).version),
    moveAlias: async ({ model, alias, version: to, reason }, caller) =>
      void (await registry.setAlias({ name: model, alias, version: to, reason }, caller)),
  };
}
