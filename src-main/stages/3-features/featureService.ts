import { createHash } from 'node:crypto';
import type { FeatureSpec } from '../../../src-shared/domain/features.ts';
import type { Forecast } from '../../../src-shared/domain/history.ts';
import type { VersionRef } from '../../../src-shared/domain/names.ts';
import { targetColumns } from '../../../src-shared/domain/target.ts';
import type { Column, DatasetVersion, TableProfile } from '../../../src-shared/domain/table.ts';
import { ModelkeepError } from '../../../src-shared/errors/modelkeepError.ts';
import { requireName } from '../../../src-shared/errors/requireName.ts';
import type { Caller, Parsed, Result } from '../../../src-shared/rpc/contract.ts';
import type { Emit } from '../../../src-shared/rpc/events.ts';
import type { AuditWriter } from '../../platform/auditWriter.ts';
import { canonicalJson } from '../../platform/canonicalJson.ts';
import type { Clock } from '../../platform/clock.ts';
import { transaction, type WritableDb } from '../../platform/sqlite.ts';
import { checkSpec } from './checkSpec.ts';
import type { Inspection } from './inspection.ts';
import { proposeSpec, type Proposal } from './proposeSpec.ts';
import { FeatureStore, type SpecRow } from './store.ts';

/** What features need from the data stage, and no more. */
export interface FeatureData {
  /** Throws MK_NOT_FOUND. */
  version(ref: VersionRef): DatasetVersion;
  profile(ref: VersionRef): Promise<TableProfile>;
}

/** Looks into the rows, in a worker process; supplied from above. */
export interface Inspector {
  inspect(version: DatasetVersion, target: FeatureSpec['target'], forecast?: Forecast | null): Promise<Inspection>;
}

export interface FeatureDependencies {
  db: WritableDb;
  audit: AuditWriter;
  clock: Clock;
  emit: Emit;
  data: FeatureData;
  inspector: Inspector;
}

const proposalsKept = 16;

type SavedSpec = Result<'features.save'>;

/** Feature specs: proposed from the data, saved under a name in numbered versions that never change. */
export class FeatureService {
  readonly #with: FeatureDependencies;
  readonly #store: FeatureStore;
  /** The last proposals: a dataset version never changes, and a form asks just before a run does. */
  readonly #proposals = new Map<string, Promise<Proposal>>();

  constructor(dependencies: FeatureDependencies) {
    this.#with = dependencies;
    this.#store = new FeatureStore(dependencies.db);
  }

  /** Errors: MK_NOT_FOUND and those of `proposeSpec`. */
  async propose({ dataset, target, forecast }: Parsed<'features.propose'>): Promise<Proposal> {
    const version = this.#with.data.version(dataset);
    requireTarget(version.columns, target);
    if (target.kind === 'labels') return this.#propose(version, { dataset, target, forecast });
    const key = canonicalJson({ dataset, sha256: version.sha256, target, ...(forecast === undefined ? {} : { forecast }) });
    const proposing = this.#proposals.get(key) ?? this.#propose(version, { dataset, target, forecast });
    this.#proposals.set(key, proposing);
    if (this.#proposals.size > proposalsKept) this.#proposals.delete(this.#proposals.keys().next().value!);
    try {
      return structuredClone(await proposing);
    } catch (error) {
      // A failure may be of the moment (a worker that died): asked again, it is tried again.
      this.#proposals.delete(key);
      throw error;
    }
  }

  async #propose(version: DatasetVersion, { dataset, target, forecast }: Parsed<'features.propose'>): Promise<Proposal> {
    const { data, inspector } = this.#with;
    const [profile, inspection] = [await data.profile(dataset), await inspector.inspect(version, target, forecast)];
    return proposeSpec({ dataset, target, columns: version.columns, kind: version.kind, profile, inspection, forecast });
  }

  /** The next version of the name; the same spec saved again is the version that it already is. Errors: MK_NAME_INVALID, those of `checkSpec`. */
  save({ name, spec }: Parsed<'features.save'>, caller: Caller): SavedSpec {
    const { db, audit, clock, data, emit } = this.#with;
    requireName(name);
    checkSpec(spec, data.version(spec.dataset).columns);
    const at = clock.now();
    const saved = transaction(db, () => {
      const latest = this.#store.versions(name).at(-1);
      const sha256 = specHash(spec);
      if (latest !== undefined && this.#store.one(name, latest)!.sha256 === sha256) return latest;
      const version = (latest ?? 0) + 1;
      this.#store.insert({ name, version, spec, sha256, createdAt: at, createdBy: caller.actor });
      audit.append({ caller, action: 'features.save', subject: `features ${name}`, details: { version, sha256 } });
      return version;
    });
    emit('changed', { area: 'features', name, at });
    return present(this.#store.one(name, saved)!);
  }

  list(): Result<'features.list'> {
    return this.#store.newest().map(present);
  }

  /** Newest version unless one is named. Error: MK_NOT_FOUND. */
  get({ name, version }: Parsed<'features.get'>): Result<'features.get'> {
    const versions = this.#store.versions(name);
    const row = this.#store.one(name, version ?? versions.at(-1) ?? 0);
    if (!row) throw new ModelkeepError('MK_NOT_FOUND', { what: 'feature spec', name: version === undefined ? name : `${name}@${version}` });
    return { ...present(row), versions };
  }
}

/** Equal specs have one hash, whatever the order of their keys. */
export function specHash(spec: FeatureSpec): string {
  return createHash('sha256').update(canonicalJson(spec)).digest('hex');
}

function requireTarget(columns: readonly Column[], target: FeatureSpec['target']): void {
  for (const name of [...targetColumns(target), ...(target.kind === 'ranking' ? [target.group] : [])])
    if (!columns.some((column) => column.name === name)) throw new ModelkeepError('MK_FEATURES_COLUMN_MISSING', { column: name });
}

function present({ name, version, spec, createdAt, createdBy, usedBy }: SpecRow): SavedSpec {
  return { name, version, spec, createdAt, createdBy, usedBy };
}
