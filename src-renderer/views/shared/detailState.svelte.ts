// Whether the detail panel of a page is open. Wide windows have room for it; in narrow ones it lies over the content, so that it
// opens only when something was chosen, and can be closed.
import { innerWidth as widthNow } from 'svelte/reactivity/window';

/** The same width at which the panel of a page becomes an overlay. */
const overlayBelowPx = 1280;

export class DetailState {
  isOpen = $state(innerWidth >= overlayBelowPx);

  get isOverlay(): boolean {
    return (widthNow.current ?? innerWidth) < overlayBelowPx;
  }
  /** For `onclosedetail` of a page: only an overlay can be closed. */
  get close(): (() => void) | undefined {
    return this.isOverlay ? () => (this.isOpen = false) : undefined;
  }
}
