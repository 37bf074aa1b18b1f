// Settings of the workspace: read, edited as a draft, saved at once.
import type { Result } from '../../src-shared/rpc/contract.ts';
import { client } from '../rpc/client.svelte.ts';
import { Loaded } from './loaded.svelte.ts';

type Settings = Result<'system.settings'>;
type SettingName = keyof Settings;
/** Those that are numbers, edited in fields that may be empty for a while. */
export type NumberSetting = { [N in SettingName]: Settings[N] extends number ? N : never }[SettingName];
type Draft = { [N in SettingName]: N extends NumberSetting ? number | null : Settings[N] };

/** The contract's limits, to tell before saving. */
export const settingLimits: Record<NumberSetting, [low: number, high: number]> = {
  servePort: [0, 65_535],
  serveGrpcPort: [0, 65_535],
  jobMemoryMb: [256, 1_048_576],
  requestRetentionDays: [1, 3650],
};

export class SettingsManager {
  readonly loaded = new Loaded<Settings>(() => client.call('system.settings', {}));
  #draft = $state<Draft | null>(null);
  #saving = $state(false);
  #saveError = $state.raw<unknown>(null);

  /** What the form edits; null until the settings are there. */
  get draft(): Draft | null {
    return this.#draft;
  }
  get saving(): boolean {
    return this.#saving;
  }
  get saveError(): unknown {
    return this.#saveError;
  }
  get isChanged(): boolean {
    const [draft, saved] = [this.#draft, this.loaded.value];
    return draft !== null && saved !== null && (Object.keys(saved) as SettingName[]).some((name) => draft[name] !== saved[name]);
  }
  get canSave(): boolean {
    return this.isChanged && names.every((name) => this.isInRange(name));
  }

  isInRange(name: NumberSetting): boolean {
    const value = this.#draft?.[name] ?? null;
    const [low, high] = settingLimits[name];
    return value !== null && Number.isInteger(value) && value >= low && value <= high;
  }

  async load(): Promise<void> {
    await this.loaded.reload();
    if (this.loaded.value) this.#draft = { ...this.loaded.value };
  }

  /** True when saved; otherwise `saveError` says why. */
  async save(): Promise<boolean> {
    if (!this.canSave || !this.#draft) return false;
    this.#saving = true;
    this.#saveError = null;
    try {
      const saved = await client.call('system.saveSettings', $state.snapshot(this.#draft) as Settings);
      this.loaded.set(saved);
      this.#draft = { ...saved };
      return true;
    } catch (error) {
      this.#saveError = error;
      return false;
    } finally {
      this.#saving = false;
    }
  }
}

const names = Object.keys(settingLimits) as NumberSetting[];
