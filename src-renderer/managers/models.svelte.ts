// Registered models: the list, one model, one version, two versions side by side.
import type { ModelVariant, QuantizationKind } from '../../src-shared/domain/modelVariant.ts';
import { nameSchema } from '../../src-shared/domain/names.ts';
import type { Params, Result } from '../../src-shared/rpc/contract.ts';
import type { Lineage } from '../../src-shared/rpc/registry.ts';
import { client } from '../rpc/client.svelte.ts';
import { Loaded } from './loaded.svelte.ts';

export type ModelEntry = Result<'registry.list'>[number];
export type ModelPage = Result<'registry.get'>;
export type ModelVersionPage = Result<'registry.version'>;
export type Comparison = Result<'registry.compare'>;
type EndpointEntry = Result<'serve.list'>[number];

export class ModelsManager {
  readonly list = new Loaded<ModelEntry[]>(() => client.call('registry.list', {}));
  readonly load = (): Promise<void> => this.list.reload();
}

/** One model and who follows its aliases. */
export class ModelManager {
  readonly #name: string;
  readonly model: Loaded<ModelPage>;
  readonly #endpoints = new Loaded<EndpointEntry[]>(() => client.call('serve.list', {}));

  constructor(name: string) {
    this.#name = name;
    this.model = new Loaded(() => client.call('registry.get', { name }));
  }

  get name(): string {
    return this.#name;
  }
  /** Endpoints of this model; null until they are known. */
  get endpoints(): EndpointEntry[] | null {
    return this.#endpoints.value?.filter(({ model }) => model === this.#name) ?? null;
  }
  /** Names of the endpoints that switch when the alias moves. */
  followers(alias: string): string[] {
    return (this.endpoints ?? []).filter((one) => one.alias === alias && one.state !== 'stopped').map(({ name }) => name);
  }
  readonly load = async (): Promise<void> => {
    await Promise.all([this.model.reload(), this.#endpoints.reload()]);
  };

  /** Resolves when every endpoint that follows answers with the version. */
  async setAlias(alias: string, version: number, reason: string): Promise<void> {
    await client.call('registry.setAlias', { name: this.#name, alias, version, reason });
    await this.load();
  }

  async removeAlias(alias: string): Promise<void> {
    await client.call('registry.removeAlias', { name: this.#name, alias });
    await this.load();
  }
}

export class ModelVersionManager {
  readonly #at: { name: string; version: number };
  readonly page: Loaded<ModelVersionPage>;

  constructor(name: string, version: number) {
    this.#at = { name, version };
    this.page = new Loaded(() => client.call('registry.version', this.#at));
  }

  readonly load = (): Promise<void> => this.page.reload();

  async describe(description: string): Promise<void> {
    await client.call('registry.describe', { ...this.#at, description });
    await this.load();
  }

  /** The file in 8-bit integers, measured on the test rows; takes seconds at the first time. */
  quantize(kind: QuantizationKind, sample?: string): Promise<ModelVariant> {
    return client.call('registry.quantize', { ...this.#at, kind, ...(sample === undefined ? {} : { sample }) });
  }

  /** Writes the ONNX file, or that of a variant. */
  exportTo(file: string, variant?: string): Promise<Result<'registry.export'>> {
    return client.call('registry.export', { ...this.#at, file, ...(variant === undefined ? {} : { variant }) });
  }

  /** True when the stored file is what was registered. */
  async verify(): Promise<boolean> {
    const { corrupt } = await client.call('registry.verify', { name: this.#at.name });
    return !corrupt.some(({ version }) => version === this.#at.version);
  }
}

/** Two versions on the same rows; takes seconds, because both answer them now. */
export class ComparisonManager {
  readonly comparison: Loaded<Comparison>;
  readonly lineages: Loaded<[Lineage, Lineage]>;

  constructor(name: string, a: number, b: number) {
    this.comparison = new Loaded(() => client.call('registry.compare', { name, a, b }));
    const lineageOf = (version: number): Promise<Lineage> => client.call('registry.lineage', { kind: 'modelVersion', name, version });
    this.lineages = new Loaded(() => Promise.all([lineageOf(a), lineageOf(b)]));
  }

  readonly load = async (): Promise<void> => {
    await Promise.all([this.comparison.reload(), this.lineages.reload()]);
  };
}

/** Starts the job that scores a file. */
/** The newest version of the data that a model came from: the past of what it is to forecast. */
export async function pastOf({ dataset }: Pick<ModelPage['latest'], 'dataset'>): Promise<{ name: string; version: number }> {
  const { version } = await client.call('data.get', { name: dataset.name });
  return { name: dataset.name, version };
}

export async function scoreFile(params: Params<'registry.predict'>): Promise<string> {
  return (await client.call('registry.predict', params)).jobId;
}

export function isName(text: string): boolean {
  return nameSchema.safeParse(text).success;
}

/** Aliases of a model with the version that each points at. */
export function modelAliases(name: string): Loaded<{ alias: string; version: number }[]> {
  return new Loaded(async () => {
    const { all } = await client.call('registry.get', { name });
    return all.flatMap(({ version, aliases }) => aliases.map((alias) => ({ alias, version })));
  });
}
