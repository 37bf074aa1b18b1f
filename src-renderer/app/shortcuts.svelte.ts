// Every key of the window in one place: what is bound now, for the dispatch and for the help sheet.
import { SvelteSet } from 'svelte/reactivity';
import type { Keys } from './keyMatch.ts';
import { nameOfPress } from './keyMatch.ts';

export interface Shortcut {
  keys: Keys;
  /** For the help sheet; a function, so that it follows the language. */
  label: () => string;
  /** `window`: works everywhere; `view`: belongs to what is on the screen. */
  scope: 'window' | 'view';
  run: (event: KeyboardEvent) => void;
  /** Bound, but silent now (a disabled button). */
  enabled?: () => boolean;
  /** Also while a text field has the focus, such as Ctrl+K. */
  inFields?: boolean;
}

const sequenceMs = 1200;

class Shortcuts {
  readonly #bound = new SvelteSet<Shortcut>();
  readonly #closers: (() => void)[] = [];
  #prefix = '';
  #prefixAt = 0;

  constructor() {
    // Bubbling on window: dialogs and menus handle their keys first and prevent the default.
    addEventListener('keydown', (event) => this.#onKey(event));
  }

  /** What is bound, newest last. */
  get all(): Shortcut[] {
    return [...this.#bound];
  }

  /** Binds; returns the way to unbind. The newest binding of a key wins. */
  add(shortcut: Shortcut): () => void {
    this.#bound.add(shortcut);
    return () => this.#bound.delete(shortcut);
  }

  /** Puts a layer on the Esc stack; Esc closes the newest. Returns the way to take it off. */
  onEscape(close: () => void): () => void {
    this.#closers.push(close);
    return () => {
      const at = this.#closers.lastIndexOf(close);
      if (at >= 0) this.#closers.splice(at, 1);
    };
  }

  #onKey(event: KeyboardEvent): void {
    if (event.defaultPrevented || event.isComposing || ['Control', 'Shift', 'Alt', 'Meta'].includes(event.key)) return;
    const press = nameOfPress(event);
    const inField = isField(event.target);
    if (press === 'Escape') {
      if (inField) return void (event.target as HTMLElement).blur();
      const close = this.#closers.at(-1);
      if (close) {
        event.preventDefault();
        close();
      }
      return;
    }
    if (isInLayer(event.target)) return;
    // A focused button or link keeps its own Enter and Space.
    if ((press === 'Enter' || press === 'Space') && isActivatable(event.target)) return;
    const sequence = this.#prefix && event.timeStamp - this.#prefixAt < sequenceMs ? `${this.#prefix} ${press}` : press;
    const found = this.#find(sequence, inField) ?? this.#find(press, inField);
    this.#prefix = '';
    if (found) {
      event.preventDefault();
      found.run(event);
    } else if (!inField && this.all.some(({ keys }) => keys.startsWith(`${press} `))) {
      this.#prefix = press;
      this.#prefixAt = event.timeStamp;
    }
  }

  #find(keys: string, inField: boolean): Shortcut | undefined {
    return this.all.findLast((one) => one.keys === keys && (!inField || one.inFields) && (one.enabled?.() ?? true));
  }
}

export const shortcuts = new Shortcuts();

/** Binds while the component lives: call it while it is set up. */
export function useShortcut(shortcut: () => Shortcut | null | undefined): void {
  $effect(() => {
    const bound = shortcut();
    return bound ? shortcuts.add(bound) : undefined;
  });
}

/** Esc closes this layer while `open()` is true. */
export function useEscape(open: () => boolean, close: () => void): void {
  $effect(() => (open() ? shortcuts.onEscape(close) : undefined));
}

function isField(target: EventTarget | null): boolean {
  if (!(target instanceof HTMLElement)) return false;
  if (target.isContentEditable || target instanceof HTMLTextAreaElement || target instanceof HTMLSelectElement) return true;
  return target instanceof HTMLInputElement && !['checkbox', 'radio', 'button', 'range'].includes(target.type);
}

function isActivatable(target: EventTarget | null): boolean {
  return target instanceof Element && target.closest('button, a[href], summary, [role="button"], [role="checkbox"], [role="tab"]') !== null;
}

/** Dialogs, menus and lists that are open own their keys. */
function isInLayer(target: EventTarget | null): boolean {
  return (
    target instanceof Element &&
    target.closest('[role="dialog"],[role="alertdialog"],[role="menu"],[role="listbox"],[role="combobox"][aria-expanded="true"]') !== null
  );
}
