// One import, from the choice of files to the job: every change of an option reads the head of the files again.
import { namePattern } from '../../src-shared/domain/names.ts';
import type { ColumnType, ImportOptions } from '../../src-shared/domain/table.ts';
import { suggestName } from '../../src-shared/errors/requireName.ts';
import type { Result } from '../../src-shared/rpc/contract.ts';
import { client } from '../rpc/client.svelte.ts';
import { Loaded } from './loaded.svelte.ts';

export interface SourceFile {
  path: string;
  name: string;
  sizeBytes: number;
}
export type Preview = Result<'data.preview'>;
/** Options that a person may set by hand; the rest follow from them. */
export type OptionName = Exclude<keyof ImportOptions, 'types'>;

export class ImportManager {
  #files = $state.raw<SourceFile[]>([]);
  /** Only what the person chose; what was detected stands in the preview. */
  #chosen = $state.raw<ImportOptions>({});
  #name = $state('');
  #isNameTouched = $state(false);
  #jobId = $state<string | null>(null);
  #starting = $state(false);
  #startError = $state.raw<unknown>(null);
  readonly preview = new Loaded<Preview>(() =>
    client.call('data.preview', { files: this.#files.map(({ path }) => path), options: this.#chosen }),
  );
  readonly existing = new Loaded<Result<'data.list'>>(() => client.call('data.list', {}));

  get files(): SourceFile[] {
    return this.#files;
  }
  get chosen(): ImportOptions {
    return this.#chosen;
  }
  get name(): string {
    return this.#name;
  }
  set name(name: string) {
    this.#name = name;
    this.#isNameTouched = true;
  }
  get isNameValid(): boolean {
    return namePattern.test(this.#name);
  }
  get suggestedName(): string {
    return suggestName(this.#name);
  }
  /** The dataset that gets a new version, if one of this name exists. */
  get becomesVersionOf(): Result<'data.list'>[number] | null {
    return this.existing.value?.find(({ dataset }) => dataset === this.#name) ?? null;
  }
  get jobId(): string | null {
    return this.#jobId;
  }
  get starting(): boolean {
    return this.#starting;
  }
  get startError(): unknown {
    return this.#startError;
  }

  async choose(files: SourceFile[]): Promise<void> {
    this.#files = files;
    this.#chosen = {};
    this.#isNameTouched = false;
    this.#jobId = null;
    this.#startError = null;
    if (files.length === 0) return;
    void this.existing.reload();
    await this.#read();
  }

  /** Overrides one option, or with `undefined` lets it be detected again; reads the preview again at once. */
  async set<N extends OptionName>(option: N, value: ImportOptions[N] | undefined): Promise<void> {
    const rest = { ...this.#chosen };
    delete rest[option];
    // Other columns come out of another dialect, so their types are judged anew.
    if (reshaping.has(option)) delete rest.types;
    this.#chosen = value === undefined ? rest : { ...rest, [option]: value };
    await this.#read();
  }

  async setType(column: string, type: ColumnType | undefined): Promise<void> {
    const types = { ...this.#chosen.types };
    if (type === undefined) delete types[column];
    else types[column] = type;
    const rest = { ...this.#chosen };
    delete rest.types;
    this.#chosen = Object.keys(types).length === 0 ? rest : { ...rest, types };
    await this.#read();
  }

  /** Starts the import with what the preview showed. */
  async start(): Promise<void> {
    const preview = this.preview.value;
    if (!preview || !this.isNameValid || this.#starting) return;
    this.#starting = true;
    this.#startError = null;
    try {
      const { jobId } = await client.call('data.import', {
        files: this.#files.map(({ path }) => path),
        name: this.#name,
        options: preview.options,
      });
      this.#jobId = jobId;
    } catch (error) {
      this.#startError = error;
    } finally {
      this.#starting = false;
    }
  }

  /** Back to the preview, after a job that failed. */
  backToPreview(): void {
    this.#jobId = null;
  }

  async #read(): Promise<void> {
    await this.preview.reload();
    const preview = this.preview.value;
    if (preview && this.preview.error === null && !this.#isNameTouched) this.#name = preview.suggestedName;
  }
}

const reshaping: ReadonlySet<OptionName> = new Set(['format', 'encoding', 'delimiter', 'quote', 'header', 'sheet', 'duplicateColumns']);
