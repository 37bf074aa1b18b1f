// The areas of the rail, in the order the data flows. `key` is the letter after G.
import Activity from '@lucide/svelte/icons/activity';
import Columns3Cog from '@lucide/svelte/icons/columns-3-cog';
import Compass from '@lucide/svelte/icons/compass';
import Cpu from '@lucide/svelte/icons/cpu';
import Database from '@lucide/svelte/icons/database';
import Inbox from '@lucide/svelte/icons/inbox';
import ListChecks from '@lucide/svelte/icons/list-checks';
import PackageCheck from '@lucide/svelte/icons/package-check';
import PlugZap from '@lucide/svelte/icons/plug-zap';
import Radar from '@lucide/svelte/icons/radar';
import RefreshCw from '@lucide/svelte/icons/refresh-cw';
import ScrollText from '@lucide/svelte/icons/scroll-text';
import Settings from '@lucide/svelte/icons/settings';
import Tag from '@lucide/svelte/icons/tag';
import type { Component } from 'svelte';
import type { TextKey } from '../i18n/i18n.svelte.ts';

export const areaIds = [
  'today', 'data', 'label', 'features', 'train', 'registry', 'serve', 'monitor', 'learn', 'advise', 'jobs', 'audit', 'hardware', 'settings',
] as const; // prettier-ignore
export type AreaId = (typeof areaIds)[number];

export interface Area {
  id: AreaId;
  titleKey: TextKey;
  icon: Component;
  /** `flow` stands on the spine. */
  group: 'top' | 'flow' | 'bottom';
  /** Pressed after G. */
  key?: string;
}

export const areas: readonly Area[] = [
  { id: 'today', titleKey: 'frame:rail.today', icon: Inbox, group: 'top', key: 'h' },
  { id: 'data', titleKey: 'frame:rail.data', icon: Database, group: 'flow', key: 'd' },
  { id: 'label', titleKey: 'frame:rail.label', icon: Tag, group: 'flow', key: 'l' },
  { id: 'features', titleKey: 'frame:rail.features', icon: Columns3Cog, group: 'flow', key: 'f' },
  { id: 'train', titleKey: 'frame:rail.train', icon: Activity, group: 'flow', key: 't' },
  { id: 'registry', titleKey: 'frame:rail.registry', icon: PackageCheck, group: 'flow', key: 'r' },
  { id: 'serve', titleKey: 'frame:rail.serve', icon: PlugZap, group: 'flow', key: 's' },
  { id: 'monitor', titleKey: 'frame:rail.monitor', icon: Radar, group: 'flow', key: 'm' },
  { id: 'learn', titleKey: 'frame:rail.learn', icon: RefreshCw, group: 'flow', key: 'e' },
  { id: 'advise', titleKey: 'frame:rail.advise', icon: Compass, group: 'flow', key: 'a' },
  { id: 'jobs', titleKey: 'frame:rail.jobs', icon: ListChecks, group: 'bottom' },
  { id: 'audit', titleKey: 'frame:rail.audit', icon: ScrollText, group: 'bottom' },
  { id: 'hardware', titleKey: 'frame:rail.hardware', icon: Cpu, group: 'bottom' },
  { id: 'settings', titleKey: 'frame:rail.settings', icon: Settings, group: 'bottom' },
];
