/**
 * Registered models: versions, aliases, cards, lineage.
 *
 * A version is a candidate's ONNX file under a name. Versions are numbered 1, 2, 3 … and never change or go away.
 * An alias (`champion`) points at one version; endpoints follow it. Every change and its audit entry are one transaction.
 * Caveats: moving an alias waits for the endpoints that follow it, and moves back when one of them cannot take the version.
 */
import { resolve } from 'node:path';
import type { ModelVariant } from '../../../src-shared/domain/modelVariant.ts';
import type { VersionRef } from '../../../src-shared/domain/names.ts';
import type { Reference, Run } from '../../../src-shared/domain/training.ts';
import { isModelkeepError, ModelkeepError } from '../../../src-shared/errors/modelkeepError.ts';
import { requireName } from '../../../src-shared/errors/requireName.ts';
import type { Caller, Parsed, Result } from '../../../src-shared/rpc/contract.ts';
import type { Emit } from '../../../src-shared/rpc/events.ts';
import type { Lineage, ModelVersion } from '../../../src-shared/rpc/registry.ts';
import type { AuditWriter } from '../../platform/auditWriter.ts';
import type { BlobStore } from '../../platform/blobStore.ts';
import type { Clock } from '../../platform/clock.ts';
import { writeExport } from '../../platform/files.ts';
import { transaction, type WritableDb } from '../../platform/sqlite.ts';
import { AliasQueue, type AliasMoved } from './aliasQueue.ts';
import type { PairedScoring, Quantizing, TrainedCandidates } from './candidates.ts';
import { modelCard } from './card.ts';
import { comparedInputs, comparedSettings } from './compareSettings.ts';
import { lineageOf, type LineageKind, type LineageSources } from './lineage.ts';
import { RegistryStore, type ModelRow, type StoredVersion } from './store.ts';

export type { AliasMoved } from './aliasQueue.ts';
export type { ColumnImportance, ComparedModel, PairedResult, PairedScoring, Quantizing, TrainedCandidates } from './candidates.ts';
export type { LineageSources } from './lineage.ts';

export interface RegistryDependencies {
  db: WritableDb;
  blobs: BlobStore;
  audit: AuditWriter;
  clock: Clock;
  emit: Emit;
  train: TrainedCandidates;
  scoring: PairedScoring;
  quantizing: Quantizing;
  /** Data, labels and runs; endpoints are added by `attachEndpoints`. */
  sources: Omit<LineageSources, 'endpoints' | 'version' | 'versionsOfRun'>;
}

export class RegistryService {
  readonly #with: RegistryDependencies;
  readonly #store: RegistryStore;
  readonly #aliases = new AliasQueue();
  #endpoints: LineageSources['endpoints'] = () => [];

  constructor(dependencies: RegistryDependencies) {
    this.#with = dependencies;
    this.#store = new RegistryStore(dependencies.db);
  }

  /** Serving stands above the registry; the composition root tells which endpoints there are. */
  attachEndpoints(endpoints: LineageSources['endpoints']): void {
    this.#endpoints = endpoints;
  }

  /** Called after an alias moved, before `setAlias` answers. A hook that throws makes the alias move back. */
  onAliasMoved(hook: (move: AliasMoved) => Promise<void>): void {
    this.#aliases.hooks.push(hook);
  }

  /** The same candidate registered again under the same name is the version that it already is.
   *  Errors: MK_NAME_INVALID, MK_NOT_FOUND, MK_REGISTRY_CANDIDATE_UNFINISHED, MK_BLOB_MISSING, MK_BLOB_CORRUPT. */
  async register({ candidateId, name, description }: Parsed<'registry.register'>, caller: Caller): Promise<ModelVersion> {
    const { train, blobs, clock } = this.#with;
    requireName(name);
    const { candidate, run, all } = train.candidate(candidateId);
    if (candidate.state !== 'done' || candidate.sha256 === null)
      throw new ModelkeepError('MK_REGISTRY_CANDIDATE_UNFINISHED', { candidate: candidateId, state: candidate.state });
    if (!run.signature || !run.primaryMetric) throw new ModelkeepError('MK_REGISTRY_SIGNATURE_MISSING', { run: run.id });
    const { signature, primaryMetric, request } = run;
    const { sha256, sizeBytes } = await blobs.verify(candidate.sha256); // the file first, then the row that names it
    const reference = await train.reference(candidateId);
    const referenceSha256 = reference ? (await blobs.put(Buffer.from(JSON.stringify(reference)))).sha256 : null;
    const at = clock.now();
    const version = this.#write('registry.register', name, caller, at, () => {
      const model = this.#store.model(name) ?? this.#store.insertModel(name, at, caller.actor);
      const known = this.#store.versionOfCandidate(model.id, candidateId);
      if (known !== undefined) return { details: null, value: known };
      const next = (this.#store.newest(model.id)?.version ?? 0) + 1;
      this.#store.insertVersion(model.id, {
        model: name,
        version: next,
        runId: run.id,
        candidateId,
        learner: candidate.learner,
        dataset: request.dataset,
        labels: request.target.kind === 'labels' ? { name: request.target.labelSet, version: request.target.version } : null,
        signature,
        test: candidate.test,
        primaryMetric,
        sha256,
        sizeBytes,
        referenceSha256,
        card: modelCard(candidate, run, all),
        importance: train.importance(candidateId),
        description,
        createdAt: at,
        createdBy: caller.actor,
      });
      return { details: { version: next, candidateId, runId: run.id, sha256 }, value: next };
    });
    return this.version({ name, version });
  }

  list(): Result<'registry.list'> {
    return this.#store.models().map((model) => this.#describeModel(model));
  }

  get(name: string): Result<'registry.get'> {
    const model = this.#requireModel(name);
    return {
      ...this.#describeModel(model),
      all: this.#store.versions(model.id).map(withoutExtras),
      history: this.#store.history(model.id),
    };
  }

  /** One version as others use it. Errors: MK_NOT_FOUND. */
  version(ref: VersionRef): ModelVersion {
    return withoutExtras(this.#require(ref));
  }

  /** The page of one version. */
  async page(ref: VersionRef): Promise<Result<'registry.version'>> {
    const stored = this.#require(ref);
    return {
      ...withoutExtras(stored),
      reference: await this.#reference(stored),
      lineage: this.lineage({ kind: 'modelVersion', ...ref }),
      card: stored.card,
      importance: stored.importance,
      variants: this.#variants(ref),
    };
  }

  /** The version an alias points at, or null. Errors: MK_NOT_FOUND (no such model). */
  aliased(name: string, alias: string): ModelVersion | null {
    const model = this.#requireModel(name);
    const found = this.#store.aliases(model.id).find((one) => one.alias === alias);
    return found ? this.version({ name, version: found.version }) : null;
  }

  /** Distributions of the training rows, for monitoring. Errors: MK_NOT_FOUND, MK_BLOB_CORRUPT. */
  async referenceOf(ref: VersionRef): Promise<Reference | null> {
    return this.#reference(this.#require(ref));
  }

  versionsOfRun(runId: string): ModelVersion[] {
    return this.#store.versionsOfRun(runId).map(withoutExtras);
  }

  versionsOfDataset(ref: VersionRef): ModelVersion[] {
    return this.#store.versionsOfDataset(ref.name, ref.version).map(withoutExtras);
  }

  countModels(): number {
    return this.#store.countModels();
  }

  describe({ name, version, description }: Parsed<'registry.describe'>, caller: Caller): ModelVersion {
    this.#write('registry.describe', name, caller, this.#with.clock.now(), () => {
      const before = this.#require({ name, version });
      if (before.description === description) return { details: null, value: null };
      this.#store.describe(this.#requireModel(name).id, version, description);
      return { details: { version, before: before.description, after: description }, value: null };
    });
    return this.version({ name, version });
  }

  /** Moves an alias, then waits for whoever follows it. Moves of one model come one after another.
   *  Errors: MK_NOT_FOUND, MK_REGISTRY_ALIAS_REVERTED (the alias is where it was; params.reason says why). */
  setAlias({ name, alias, version, reason }: Parsed<'registry.setAlias'>, caller: Caller): Promise<ModelVersion> {
    return this.#aliases.inTurn(name, async () => {
      const move = this.#moveAlias(name, alias, version, reason, caller);
      if (move) await this.#notify(move, caller);
      return this.version({ name, version });
    });
  }

  /** Endpoints that follow the alias go on with the version they have. */
  removeAlias({ name, alias, reason }: Parsed<'registry.removeAlias'>, caller: Caller): Promise<{ removed: boolean }> {
    return this.#aliases.inTurn(name, async () => ({ removed: this.#moveAlias(name, alias, null, reason, caller) !== null }));
  }

  /** Errors: MK_NOT_FOUND, MK_REGISTRY_NOT_COMPARABLE. */
  async compare({ name, a, b }: Parsed<'registry.compare'>): Promise<Result<'registry.compare'>> {
    const [first, second] = [this.#require({ name, version: a }), this.#require({ name, version: b })];
    const why =
      first.signature.task !== second.signature.task
        ? `${first.signature.task} / ${second.signature.task}`
        : first.signature.target !== second.signature.target
          ? `${first.signature.target} / ${second.signature.target}`
          : null;
    if (why !== null) throw new ModelkeepError('MK_REGISTRY_NOT_COMPARABLE', { model: name, a, b, reason: why });
    const paired = await this.#with.scoring.compare(first, second);
    return {
      a: withoutExtras(first),
      b: withoutExtras(second),
      ...paired,
      settings: comparedSettings(this.#trained(first), this.#trained(second)),
      inputs: comparedInputs(first.signature, second.signature),
    };
  }

  lineage({ kind, name, version }: { kind: LineageKind; name: string; version: number | null }): Lineage {
    const newest = kind === 'modelVersion' && version === null ? this.#store.newest(this.#requireModel(name).id)!.version : version;
    return lineageOf(
      { kind, name, version: newest },
      {
        ...this.#with.sources,
        endpoints: this.#endpoints,
        version: (model, number) => this.#require({ name: model, version: number }),
        versionsOfRun: (runId) => this.#store.versionsOfRun(runId).map((one) => ({ name: one.model, version: one.version })),
      },
    );
  }

  /**
   * The version's file in 8-bit integers, with what that changes on its test rows. Without a file of one's own as sample it is made
   * once. Errors: MK_NOT_FOUND, those of `TrainService.quantize`.
   */
  async quantize({ name, version, kind, sample }: Parsed<'registry.quantize'>, caller: Caller): Promise<ModelVariant> {
    const stored = this.#require({ name, version });
    const known = this.#variants({ name, version }).find((one) => one.kind === kind && one.sample?.file == null);
    if (known && (sample === undefined || kind === 'dynamic')) return known;
    const path = sample === undefined || kind === 'dynamic' ? null : resolve(sample);
    const made = await this.#with.quantizing.quantize(stored, { kind, sample: path });
    const at = this.#with.clock.now();
    return this.#write('registry.quantize', name, caller, at, () => {
      const same = this.#variants({ name, version }).find(({ sha256 }) => sha256 === made.sha256);
      if (same) return { details: null, value: same };
      const variant = { ...made, createdAt: at, createdBy: caller.actor };
      this.#store.insertVariant(this.#requireModel(name).id, version, variant);
      return { details: { version, kind, sample: path, sha256: made.sha256 }, value: variant };
    });
  }

  /** Copies a self-contained ONNX file out of the workspace, the version's own or a variant's; its signature is inside, under
   *  `modelkeep.signature`. Errors: MK_NOT_FOUND, MK_BLOB_MISSING, those of writing. */
  async export({ name, version, file, variant }: Parsed<'registry.export'>, caller: Caller): Promise<{ file: string; sha256: string }> {
    const own = this.#require({ name, version }).sha256;
    const sha256 = variant ?? own;
    if (sha256 !== own && !this.#variants({ name, version }).some((one) => one.sha256 === sha256))
      throw new ModelkeepError('MK_NOT_FOUND', { what: 'variant of the model version', name: `${name}@${version} ${sha256}` });
    const path = resolve(file);
    await writeExport(path, [await this.#with.blobs.read(sha256)]);
    this.#write('registry.export', name, caller, this.#with.clock.now(), () => ({ details: { version, file: path, sha256 }, value: null }));
    return { file: path, sha256 };
  }

  /** Hashes the stored files again; versions whose file differs or is missing are listed. */
  async verify({ name }: Parsed<'registry.verify'>): Promise<Result<'registry.verify'>> {
    const models = name === undefined ? this.#store.models() : [this.#requireModel(name)];
    const versions = models.flatMap((model) => this.#store.versions(model.id));
    const corrupt: VersionRef[] = [];
    for (const version of versions) {
      const variants = this.#variants({ name: version.model, version: version.version }).map(({ sha256 }) => sha256);
      for (const sha256 of [version.sha256, version.referenceSha256, ...variants]) {
        if (sha256 === null || (await this.#isWhole(sha256))) continue;
        corrupt.push({ name: version.model, version: version.version });
        break;
      }
    }
    return { checked: versions.length, corrupt };
  }

  #moveAlias(name: string, alias: string, to: number | null, reason: string, caller: Caller): AliasMoved | null {
    const at = this.#with.clock.now();
    return this.#write(to === null ? 'registry.alias.remove' : 'registry.alias.set', name, caller, at, () => {
      const model = this.#requireModel(name);
      if (to !== null) this.#require({ name, version: to });
      const from = this.#store.aliases(model.id).find((one) => one.alias === alias)?.version ?? null;
      if (from === to) return { details: null, value: null };
      this.#store.moveAlias(model.id, { at, actor: caller.actor, alias, from, to, reason });
      return { details: { alias, from, to, reason }, value: { model: name, alias, from, to, reason, caller } };
    });
  }

  async #notify(move: AliasMoved, caller: Caller): Promise<void> {
    try {
      for (const hook of this.#aliases.hooks) await hook(move);
    } catch (cause) {
      const reason = isModelkeepError(cause) ? `${cause.code}: ${cause.message}` : String(cause);
      this.#moveAlias(move.model, move.alias, move.from, `moved back: ${reason}`.slice(0, 2000), caller);
      const params = { alias: move.alias, model: move.model, version: move.to!, reason };
      throw new ModelkeepError('MK_REGISTRY_ALIAS_REVERTED', params, { cause });
    }
  }

  /** One transaction: the change and its audit entry; `details` null says that nothing was to be done. */
  #write<T>(
    action: string,
    name: string,
    caller: Caller,
    at: number,
    change: () => { details: Record<string, unknown> | null; value: T },
  ): T {
    const { db, audit, emit } = this.#with;
    const { details, value } = transaction(db, () => {
      const done = change();
      if (done.details) audit.append({ caller, action, subject: `model ${name}`, details: done.details });
      return done;
    });
    if (details) emit('changed', { area: 'registry', name, at });
    return value;
  }

  #variants({ name, version }: VersionRef): ModelVariant[] {
    return this.#store.variants(this.#requireModel(name).id, version);
  }

  #trained(version: StoredVersion): { settings: Record<string, unknown>; run: Run; learner: string } {
    const { candidate, run } = this.#with.train.candidate(version.candidateId);
    return { settings: candidate.settings, run, learner: candidate.learner };
  }

  async #reference(version: StoredVersion): Promise<Reference | null> {
    if (version.referenceSha256 === null) return null;
    return JSON.parse((await this.#with.blobs.read(version.referenceSha256)).toString('utf8')) as Reference;
  }

  async #isWhole(sha256: string): Promise<boolean> {
    try {
      await this.#with.blobs.verify(sha256);
      return true;
    } catch (error) {
      if (isModelkeepError(error) && (error.code === 'MK_BLOB_CORRUPT' || error.code === 'MK_BLOB_MISSING')) return false;
      throw error;
    }
  }

  #describeModel(model: ModelRow): Result<'registry.list'>[number] {
    const latest = this.#store.newest(model.id)!;
    const champion = this.#store.aliases(model.id).find((one) => one.alias === 'champion');
    return {
      name: model.name,
      description: latest.description,
      versions: this.#store.countVersions(model.id),
      latest: withoutExtras(latest),
      champion: champion ? withoutExtras(this.#store.version(model.id, champion.version)!) : null,
      endpoints: this.#endpoints()
        .filter((endpoint) => endpoint.model === model.name)
        .map((endpoint) => endpoint.name),
      createdAt: model.created_at,
    };
  }

  #requireModel(name: string): ModelRow {
    const model = this.#store.model(name);
    if (!model) throw new ModelkeepError('MK_NOT_FOUND', { what: 'model', name });
    return model;
  }

  #require({ name, version }: VersionRef): StoredVersion {
    const found = this.#store.version(this.#requireModel(name).id, version);
    if (!found) throw new ModelkeepError('MK_NOT_FOUND', { what: 'model version', name: `${name}@${version}` });
    return found;
  }
}

function withoutExtras({
  labels: _labels,
  referenceSha256: _reference,
  card: _card,
  importance: _importance,
  ...version
}: StoredVersion): ModelVersion {
  return version;
}
