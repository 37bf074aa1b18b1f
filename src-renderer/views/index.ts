// Every page of the window. Add one line per page; a page without a line does not exist.
import type { View } from './view.ts';

export const views: readonly View[] = [
  { route: '/settings', area: 'settings', titleKey: 'settings:title', component: () => import('./settings/Settings.svelte') },
  { route: '/settings/keys', area: 'settings', titleKey: 'settings:keys', component: () => import('./settings/Keys.svelte') },
  { route: '/components', area: 'settings', titleKey: 'settings:components', component: () => import('./components/Components.svelte') },
];
