import Calendar from '@lucide/svelte/icons/calendar';
import CalendarClock from '@lucide/svelte/icons/calendar-clock';
import Fingerprint from '@lucide/svelte/icons/fingerprint-pattern';
import Hash from '@lucide/svelte/icons/hash';
import Image from '@lucide/svelte/icons/image';
import Shapes from '@lucide/svelte/icons/shapes';
import TextAlignStart from '@lucide/svelte/icons/text-align-start';
import ToggleLeft from '@lucide/svelte/icons/toggle-left';
import type { Component } from 'svelte';
import type { ColumnType } from '../../src-shared/domain/table.ts';

/** One icon a column type, in every table. */
export const typeIcons: Record<ColumnType, Component> = {
  integer: Hash,
  number: Hash,
  boolean: ToggleLeft,
  category: Shapes,
  text: TextAlignStart,
  date: Calendar,
  timestamp: CalendarClock,
  identifier: Fingerprint,
  image: Image,
};
