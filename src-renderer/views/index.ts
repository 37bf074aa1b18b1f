// Every page of the window. Add one line per page; a page without a line does not exist.
import type { View } from './view.ts';

export const views: readonly View[] = [
  { route: '/today', area: 'today', titleKey: 'today:title', component: () => import('./today/Today.svelte') },
  { route: '/welcome', area: 'today', titleKey: 'today:samples', component: () => import('./firstRun/Welcome.svelte') },
  { route: '/welcome/:sample', area: 'today', titleKey: 'today:samples', component: () => import('./firstRun/Demo.svelte') },
  { route: '/data', area: 'data', titleKey: 'data:title', component: () => import('./data/DataList.svelte') },
  { route: '/data/import', area: 'data', titleKey: 'data:import.title', component: () => import('./data/import/Import.svelte') },
  { route: '/data/:name', area: 'data', titleKey: 'data:dataset', component: () => import('./data/LatestDataset.svelte') },
  { route: '/data/:name/v:version', area: 'data', titleKey: 'data:dataset', component: () => import('./data/dataset/Dataset.svelte') },
  { route: '/label', area: 'label', titleKey: 'label:title', component: () => import('./label/LabelList.svelte') },
  { route: '/label/new', area: 'label', titleKey: 'label:new', component: () => import('./label/NewLabelSet.svelte') },
  { route: '/label/:name', area: 'label', titleKey: 'label:labelSet', component: () => import('./label/LabelWork.svelte') },
  { route: '/features', area: 'features', titleKey: 'features:title', component: () => import('./features/FeaturesList.svelte') },
  { route: '/features/new', area: 'features', titleKey: 'features:new', component: () => import('./features/NewSpec.svelte') },
  { route: '/features/:name', area: 'features', titleKey: 'features:spec', component: () => import('./features/Spec.svelte') },
  { route: '/features/:name/v:version', area: 'features', titleKey: 'features:spec', component: () => import('./features/Spec.svelte') },
  { route: '/train', area: 'train', titleKey: 'train:title', component: () => import('./train/TrainList.svelte') },
  { route: '/train/new', area: 'train', titleKey: 'train:new', component: () => import('./train/NewRun.svelte') },
  { route: '/train/:run', area: 'train', titleKey: 'train:run', component: () => import('./train/Run.svelte') },
  { route: '/settings', area: 'settings', titleKey: 'settings:title', component: () => import('./settings/Settings.svelte') },
  { route: '/settings/keys', area: 'settings', titleKey: 'settings:keys', component: () => import('./settings/Keys.svelte') },
  { route: '/components', area: 'settings', titleKey: 'settings:components', component: () => import('./components/Components.svelte') },
];
