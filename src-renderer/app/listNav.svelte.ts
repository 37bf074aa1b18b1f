// J and K through a list, Enter opens: one helper for inboxes, tables and queues.
import { t } from '../i18n/i18n.svelte.ts';
import { shortcuts } from './shortcuts.svelte.ts';

export interface ListNavOptions<T> {
  items: () => readonly T[];
  /** Stays the same for the same entry when the list is loaded again. */
  idOf: (item: T) => string;
  onOpen?: (item: T) => void;
}

/** Selection over a list. Create it while the component is set up; it binds J, K, ↑ and ↓ (and ↵ with `onOpen`) while that lives. */
export class ListNav<T> {
  readonly #options: ListNavOptions<T>;
  #id = $state<string | null>(null);
  #moved = false;

  constructor(options: ListNavOptions<T>) {
    this.#options = options;
    $effect(() => {
      const label = { down: () => t('frame:keys.next'), up: () => t('frame:keys.previous'), open: () => t('frame:keys.open') };
      const move = (step: number) => () => this.move(step);
      const enabled = () => this.#options.items().length > 0;
      const stops = [
        shortcuts.add({ keys: 'j', label: label.down, scope: 'view', run: move(1), enabled }),
        shortcuts.add({ keys: 'k', label: label.up, scope: 'view', run: move(-1), enabled }),
      ];
      const { onOpen } = this.#options;
      if (onOpen) {
        // A focused button or link keeps its own Enter.
        const run = () => {
          if (this.selected) onOpen(this.selected);
        };
        stops.push(
          shortcuts.add({
            keys: 'Enter',
            label: label.open,
            scope: 'view',
            run,
            enabled: () => this.selected !== null && !isActivatable(document.activeElement),
          }),
        );
      }
      return () => stops.forEach((stop) => stop());
    });
  }

  /** The selected entry; the first one until a person chose. */
  get selected(): T | null {
    const items = this.#options.items();
    return items.find((item) => this.#options.idOf(item) === this.#id) ?? items[0] ?? null;
  }

  isSelected(item: T): boolean {
    return this.selected !== null && this.#options.idOf(this.selected) === this.#options.idOf(item);
  }

  select(item: T): void {
    this.#id = this.#options.idOf(item);
  }

  move(step: number): void {
    const items = this.#options.items();
    const at = this.selected === null ? -1 : items.indexOf(this.selected);
    const next = items[Math.min(items.length - 1, Math.max(0, at + step))];
    this.#moved = true;
    if (next !== undefined) this.select(next);
  }

  /** Keeps the selected row in sight: `<li {@attach nav.keepInView(item)}>`. */
  keepInView(item: T): (element: HTMLElement) => void {
    return (element) => {
      // Only after a move: a page must not scroll by itself.
      if (this.isSelected(item) && this.#moved) element.scrollIntoView({ block: 'nearest' });
    };
  }
}

function isActivatable(element: Element | null): boolean {
  return element instanceof HTMLButtonElement || element instanceof HTMLAnchorElement || element?.getAttribute('role') === 'button';
}
