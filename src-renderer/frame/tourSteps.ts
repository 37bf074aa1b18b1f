import type { TextKey } from '../i18n/i18n.svelte.ts';

/** Stops of the first-run tour, in order. `at` is a `data-tour` mark in the frame; a stop whose mark is not there is left out. */
export const tourSteps: readonly { at: string; titleKey: TextKey; textKey: TextKey; side: 'right' | 'bottom' | 'top' }[] = [
  { at: 'rail', titleKey: 'frame:tour.rail', textKey: 'frame:tour.railText', side: 'right' },
  { at: 'today', titleKey: 'frame:tour.today', textKey: 'frame:tour.todayText', side: 'right' },
  { at: 'palette', titleKey: 'frame:tour.palette', textKey: 'frame:tour.paletteText', side: 'bottom' },
  { at: 'seal', titleKey: 'frame:tour.seal', textKey: 'frame:tour.sealText', side: 'bottom' },
  { at: 'status', titleKey: 'frame:tour.status', textKey: 'frame:tour.statusText', side: 'top' },
];
