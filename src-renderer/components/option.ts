import type { Component } from 'svelte';

/** A choice in Select, Combobox or Segmented. */
export interface Option<V extends string = string> {
  value: V;
  label: string;
  /** Grey, after the label. */
  detail?: string;
  icon?: Component;
  /** Not to be chosen, and why. */
  disabledBecause?: string;
  /** Segmented: how many are behind it. */
  count?: number;
}
