import CircleCheck from '@lucide/svelte/icons/circle-check';
import Clock from '@lucide/svelte/icons/clock';
import Lightbulb from '@lucide/svelte/icons/lightbulb';
import Loader from '@lucide/svelte/icons/loader';
import Minus from '@lucide/svelte/icons/minus';
import OctagonAlert from '@lucide/svelte/icons/octagon-alert';
import TriangleAlert from '@lucide/svelte/icons/triangle-alert';
import type { Component } from 'svelte';
import type { Status, Tone } from './tone.ts';

/** One icon and one colour a status, in every view. */
export const statusLook: Record<Status, { tone: Tone; icon: Component }> = {
  ok: { tone: 'ok', icon: CircleCheck },
  watch: { tone: 'watch', icon: TriangleAlert },
  crit: { tone: 'crit', icon: OctagonAlert },
  running: { tone: 'accent', icon: Loader },
  proposal: { tone: 'note', icon: Lightbulb },
  stale: { tone: 'calm', icon: Clock },
  neutral: { tone: 'calm', icon: Minus },
};
