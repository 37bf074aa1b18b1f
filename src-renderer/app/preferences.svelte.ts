// What this person set for this screen: language, theme, density, folded rail. Kept in localStorage, shown on <html>.
import { flushSync } from 'svelte';
import { readPreferences, writePreferences, type Density, type Language, type StoredPreferences, type Theme } from './storedPreferences.ts';

class Preferences {
  #stored = $state<StoredPreferences>(readPreferences(localStorage, navigator.languages));
  #systemIsDark = $state(false);
  #printing = $state(false);

  constructor() {
    const dark = matchMedia('(prefers-color-scheme: dark)');
    this.#systemIsDark = dark.matches;
    dark.addEventListener('change', () => {
      this.#systemIsDark = dark.matches;
      this.#show();
    });
    // Paper is light; charts take their colours when they are drawn, so they are drawn again before and after.
    addEventListener('beforeprint', () => this.#print(true));
    addEventListener('afterprint', () => this.#print(false));
    this.#show();
  }

  get language(): Language {
    return this.#stored.language;
  }
  /** What was chosen; `system` follows the operating system. */
  get theme(): Theme {
    return this.#stored.theme;
  }
  /** What is drawn. */
  get shownTheme(): 'light' | 'dark' {
    if (this.#printing) return 'light';
    return this.#stored.theme === 'system' ? (this.#systemIsDark ? 'dark' : 'light') : this.#stored.theme;
  }
  get density(): Density {
    return this.#stored.density;
  }
  get railFolded(): boolean {
    return this.#stored.railFolded;
  }
  get tourSeen(): boolean {
    return this.#stored.tourSeen;
  }

  set(change: Partial<StoredPreferences>): void {
    this.#stored = { ...this.#stored, ...change };
    writePreferences(localStorage, this.#stored);
    this.#show();
  }

  #print(printing: boolean): void {
    this.#printing = printing;
    this.#show();
    flushSync(); // the printer does not wait for the next turn
  }

  // Written at once and not in an effect: charts read the colours right after a change.
  #show(): void {
    const html = document.documentElement;
    html.lang = this.#stored.language === 'zh' ? 'zh-CN' : 'en';
    html.dataset.theme = this.shownTheme;
    html.dataset.density = this.#stored.density;
  }
}

export const preferences = new Preferences();
