// What the command palette offers: commands of the window and of the view on screen, objects found by the core, guides.
import type { Component } from 'svelte';
import { SvelteSet } from 'svelte/reactivity';
import type { Keys } from './keyMatch.ts';

export type CommandKind = 'verb' | 'object' | 'guide';

export interface Command {
  id: string;
  kind: CommandKind;
  /** With verb and object: "Roll back credit-churn-prod to v14". */
  title: string;
  /** Where or what it is, in grey. */
  detail?: string;
  icon: Component;
  keys?: Keys;
  run: () => void;
}

/** Commands that are known now; called again when what it reads changes. */
export type CommandSource = () => Command[];
/** Objects that match a query; asked of the core while the person types. */
export type ObjectSearch = (query: string) => Promise<Command[]>;

class Commands {
  readonly #sources = new SvelteSet<CommandSource>();
  readonly #searches = new SvelteSet<ObjectSearch>();

  get known(): Command[] {
    return [...this.#sources].flatMap((source) => source());
  }

  /** Adds commands; returns the way to take them out. */
  add(source: CommandSource): () => void {
    this.#sources.add(source);
    return () => this.#sources.delete(source);
  }

  /** Adds a search; a view area registers one for its objects. */
  addSearch(search: ObjectSearch): () => void {
    this.#searches.add(search);
    return () => this.#searches.delete(search);
  }

  /** Objects of every area, and what failed: one broken area must not hide the others. */
  async find(query: string): Promise<{ found: Command[]; problems: string[] }> {
    const answers = await Promise.allSettled([...this.#searches].map((search) => search(query)));
    const problems = answers.flatMap((answer) =>
      answer.status === 'rejected' ? [String((answer.reason as Error)?.message ?? answer.reason)] : [],
    );
    return { found: answers.flatMap((answer) => (answer.status === 'fulfilled' ? answer.value : [])), problems };
  }
}

export const commands = new Commands();

/** Offers commands while the component lives. */
export function useCommands(source: CommandSource): void {
  $effect(() => commands.add(source));
}
