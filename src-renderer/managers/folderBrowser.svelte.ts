// Walks the folders of this machine, for forms that need a path.
import type { Result } from '../../src-shared/rpc/contract.ts';
import { client } from '../rpc/client.svelte.ts';
import { Loaded } from './loaded.svelte.ts';

export type FolderEntry = Result<'system.browse'>['entries'][number];

export class FolderBrowser {
  #wanted = $state<string | undefined>(undefined);
  #chosen = $state.raw<readonly FolderEntry[]>([]);
  #file = $state.raw<FolderEntry | null>(null);
  readonly listing = new Loaded<Result<'system.browse'>>(() =>
    client.call('system.browse', this.#wanted === undefined ? {} : { folder: this.#wanted }),
  );

  get folder(): string {
    return this.listing.value?.folder ?? this.#wanted ?? '';
  }
  get chosen(): readonly FolderEntry[] {
    return this.#chosen;
  }
  /** The file that the last path named, if it named one. */
  get file(): FolderEntry | null {
    return this.#file;
  }

  /** Opens a folder; a path to a file opens its folder and holds the file ready. Without a path: the home folder. */
  async open(path?: string): Promise<void> {
    this.#file = null;
    this.#chosen = [];
    this.#wanted = path;
    await this.listing.reload();
    if (this.listing.error === null || path === undefined) return;
    const cut = Math.max(path.lastIndexOf('/'), path.lastIndexOf('\\'));
    if (cut < 0) return;
    try {
      const above = await client.call('system.browse', { folder: path.slice(0, cut) || '/' });
      const file = above.entries.find((entry) => entry.kind === 'file' && entry.name === path.slice(cut + 1));
      if (!file) return;
      this.#wanted = above.folder;
      this.listing.set(above);
      this.#file = file;
    } catch {
      // The first refusal, about the path as it was typed, stays on the screen
    }
  }

  isChosen({ path }: FolderEntry): boolean {
    return this.#chosen.some((entry) => entry.path === path);
  }

  toggle(entry: FolderEntry): void {
    this.#chosen = this.isChosen(entry) ? this.#chosen.filter(({ path }) => path !== entry.path) : [...this.#chosen, entry];
  }
}
