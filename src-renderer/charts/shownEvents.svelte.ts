/** Whether deployments and imports are drawn; D turns them on and off in all charts at once. */
class ShownEvents {
  #shown = $state(true);

  get shown(): boolean {
    return this.#shown;
  }
  readonly toggle = (): void => void (this.#shown = !this.#shown);
}

export const shownEvents = new ShownEvents();
