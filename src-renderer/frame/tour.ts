// The first-run tour. Loaded only when it runs.
import { preferences } from '../app/preferences.svelte.ts';
import { label, t } from '../i18n/i18n.svelte.ts';
import { tourSteps } from './tourSteps.ts';

/** Walks through the frame; once it was seen or closed it does not come back by itself. */
export async function startTour(): Promise<void> {
  const [{ driver }] = await Promise.all([import('driver.js'), import('driver.js/dist/driver.css')]);
  const steps = tourSteps
    .map(({ at, titleKey, textKey, side }) => ({
      element: `[data-tour="${at}"]`,
      popover: { title: label(titleKey), description: label(textKey), side, align: 'start' as const },
    }))
    .filter(({ element }) => document.querySelector(element));
  const still = matchMedia('(prefers-reduced-motion: reduce)').matches;
  driver({
    steps,
    animate: !still,
    popoverClass: 'mk-tour',
    overlayColor: '#101828',
    overlayOpacity: 0.4,
    stagePadding: 4,
    stageRadius: 6,
    showProgress: true,
    progressText: t('frame:tour.progress', { current: '{{current}}', total: '{{total}}' }),
    nextBtnText: t('frame:tour.next'),
    prevBtnText: t('frame:tour.back'),
    doneBtnText: t('frame:tour.done'),
    onDestroyed: () => preferences.set({ tourSeen: true }),
  }).drive();
}
