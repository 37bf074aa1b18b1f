// What a view is to the frame.
import type { Component } from 'svelte';
import type { AreaId } from '../frame/areas.ts';
import type { TextKey } from '../i18n/i18n.svelte.ts';

/** What every view component gets. */
export interface ViewProps {
  /** Values of the route: `/data/:name/v:version` gives `{ name, version }`. */
  params: Record<string, string>;
}

export interface View {
  /** Pattern of the hash, e.g. `/data/:name/v:version`. */
  route: string;
  /** Whose rail item is lit. */
  area: AreaId;
  /** Title of the window and name in the palette. */
  titleKey: TextKey;
  /** Loaded when first opened; gets `ViewProps`, or takes none. */
  component: () => Promise<{ default: Component<never> }>;
}
