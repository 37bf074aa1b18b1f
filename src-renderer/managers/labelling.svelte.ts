// Label sets, and the work on one: an item is left only when the core has committed its label.
import type { Params, Result } from '../../src-shared/rpc/contract.ts';
import type { LabelItem, LabelSet } from '../../src-shared/rpc/label.ts';
import { client } from '../rpc/client.svelte.ts';
import { readImage, type ImageData64 } from './datasets.svelte.ts';
import {
  acknowledge,
  append,
  current,
  emptyQueue,
  goTo,
  needsMore,
  nextRow,
  step,
  takeBack,
  type Decision,
  type LabelQueue,
} from './labelQueue.ts';
import { Loaded } from './loaded.svelte.ts';

export type Show = NonNullable<Params<'label.queue'>['show']>;

export class LabelSetsManager {
  readonly list = new Loaded<Result<'label.list'>>(() => client.call('label.list', {}));
  readonly load = (): Promise<void> => this.list.reload();

  create(params: Params<'label.create'>): Promise<LabelSet> {
    return client.call('label.create', params);
  }
}

const pageSize = 60;
/** Images that stay in memory: a few behind, the shown one and the next. */
const keptImages = 16;

export class LabellingManager {
  readonly #name: string;
  readonly set: Loaded<LabelSet>;
  #queue = $state.raw<LabelQueue>(emptyQueue);
  #show = $state<Show>('open');
  #reading = $state(false);
  #readError = $state.raw<unknown>(null);
  #hasRead = $state(false);
  #saving = $state(false);
  #saveError = $state.raw<unknown>(null);
  #savedAt = $state<number | null>(null);
  /** What was not saved, to be tried again. */
  #refused: { row: number; decision: Decision } | null = null;
  #shownAt = 0;
  #shownRow: number | null = null;
  readonly #images = new Map<number, Promise<ImageData64>>();

  constructor(name: string) {
    this.#name = name;
    this.set = new Loaded(() => client.call('label.get', { name }));
  }

  get queue(): LabelQueue {
    return this.#queue;
  }
  get current(): LabelItem | null {
    return current(this.#queue);
  }
  get show(): Show {
    return this.#show;
  }
  get reading(): boolean {
    return this.#reading;
  }
  get readError(): unknown {
    return this.#readError;
  }
  /** The first page is here. */
  get hasRead(): boolean {
    return this.#hasRead;
  }
  /** A change is on its way to the disk; the next one waits for it. */
  get saving(): boolean {
    return this.#saving;
  }
  /** Why the last change was not saved; the item is still shown. */
  get saveError(): unknown {
    return this.#saveError;
  }
  get savedAt(): number | null {
    return this.#savedAt;
  }
  get canUndo(): boolean {
    return this.#queue.changes.length > 0;
  }

  readonly loadSet = (): Promise<void> => this.set.reload();

  /** Reads the queue anew, with another filter or after a failure. */
  readonly start = async (show: Show = this.#show): Promise<void> => {
    this.#show = show;
    this.#queue = { ...emptyQueue, changes: this.#queue.changes };
    this.#hasRead = false;
    await this.more(true);
  };

  async more(anew = false): Promise<void> {
    if (this.#reading && !anew) return;
    this.#reading = true;
    this.#readError = null;
    const show = this.#show;
    try {
      const { items } = await client.call('label.queue', {
        name: this.#name,
        from: anew ? 0 : nextRow(this.#queue),
        limit: pageSize,
        show,
      });
      if (show !== this.#show) return;
      this.#queue = append(this.#queue, items, items.length < pageSize);
      this.#hasRead = true;
      this.#onMove();
    } catch (error) {
      this.#readError = error;
    } finally {
      this.#reading = false;
    }
  }

  move(by: number): void {
    this.#queue = step(this.#queue, by);
    this.#onMove();
  }

  goTo(row: number): void {
    this.#queue = goTo(this.#queue, row);
    this.#onMove();
  }

  /** Saves a decision about the shown item and goes on once it is committed. Ignored while another one is being saved:
   *  the person has not seen the next item yet. */
  async decide(decision: Decision): Promise<void> {
    const item = this.current;
    if (!item || this.#saving) return;
    const saved = await this.#save(item.row, decision, item.note);
    if (!saved) return;
    this.#queue = acknowledge(this.#queue, saved);
    this.#onMove();
  }

  /** Tries the refused decision again, if its item is still shown. */
  async saveAgain(): Promise<void> {
    if (this.#refused && this.#refused.row === this.current?.row) await this.decide(this.#refused.decision);
  }

  async takeSuggestion(): Promise<void> {
    const label = this.current?.suggestion?.label;
    if (label !== undefined) await this.decide({ label, skipped: false });
  }

  async undo(): Promise<void> {
    const change = this.#queue.changes.at(-1);
    if (!change || this.#saving) return;
    const note = this.#queue.items.find(({ row }) => row === change.row)?.note ?? '';
    const saved = await this.#save(change.row, change.before, note);
    if (!saved) return;
    this.#queue = takeBack(this.#queue, saved);
    this.#onMove();
  }

  async saveNote(note: string): Promise<void> {
    const item = this.current;
    if (!item || note === item.note) return;
    const saved = await this.#save(item.row, item, note);
    if (saved) this.#queue = { ...this.#queue, items: this.#queue.items.map((one) => (one.row === saved.row ? saved : one)) };
  }

  async freeze(): Promise<LabelSet> {
    const frozen = await client.call('label.freeze', { name: this.#name });
    this.set.set(frozen);
    return frozen;
  }

  async update(change: Omit<Params<'label.update'>, 'name'>): Promise<void> {
    this.set.set(await client.call('label.update', { name: this.#name, ...change }));
  }

  exportTo(params: Omit<Params<'label.export'>, 'name'>): Promise<Result<'label.export'>> {
    return client.call('label.export', { name: this.#name, ...params });
  }

  /** The image of an item; the next two are read ahead. */
  image(row: number): Promise<ImageData64> {
    const set = this.set.value;
    const known = this.#images.get(row);
    if (known) return known;
    if (!set) return Promise.reject(new Error('The label set is not loaded'));
    const reading = readImage(set.dataset.name, set.dataset.version, row, set.itemColumn ?? undefined);
    reading.catch(() => this.#images.delete(row)); // a failed read may be tried again
    this.#images.set(row, reading);
    for (const old of [...this.#images.keys()].slice(0, Math.max(0, this.#images.size - keptImages))) this.#images.delete(old);
    return reading;
  }

  async #save(row: number, { label, skipped }: Decision, note: string): Promise<LabelItem | null> {
    this.#saving = true;
    this.#saveError = null;
    try {
      const tookMs = this.#shownRow === row ? Math.max(0, performance.now() - this.#shownAt) : undefined;
      const { item, progress, savedAt } = await client.call('label.save', {
        name: this.#name,
        row,
        label,
        skipped,
        note,
        ...(tookMs === undefined ? {} : { tookMs }),
      });
      this.#savedAt = savedAt;
      this.#refused = null;
      const set = this.set.value;
      if (set) this.set.set({ ...set, progress });
      return item;
    } catch (error) {
      this.#saveError = error;
      this.#refused = { row, decision: { label, skipped } };
      return null;
    } finally {
      this.#saving = false;
    }
  }

  #onMove(): void {
    const row = this.current?.row ?? null;
    if (row !== this.#shownRow) {
      this.#shownRow = row;
      this.#shownAt = performance.now();
      this.#saveError = null;
    }
    if (needsMore(this.#queue)) void this.more();
    if (this.set.value?.kind === 'image') {
      const ahead = this.#queue.items.slice(this.#queue.at + 1, this.#queue.at + 3);
      for (const { row: next } of ahead) this.image(next).catch(() => {}); // shown with its error when its turn comes
    }
  }
}
