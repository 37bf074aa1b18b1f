// Commands and keys that work everywhere: go to an area, open a page, language, theme, density, tour.
import Compass from '@lucide/svelte/icons/compass';
import Languages from '@lucide/svelte/icons/languages';
import Rows3 from '@lucide/svelte/icons/rows-3';
import Sun from '@lucide/svelte/icons/sun';
import { commands, type Command } from '../app/commands.svelte.ts';
import { preferences } from '../app/preferences.svelte.ts';
import { router } from '../app/router.svelte.ts';
import { shortcuts } from '../app/shortcuts.svelte.ts';
import { densities, languages, themes } from '../app/storedPreferences.ts';
import { label, t } from '../i18n/i18n.svelte.ts';
import { views } from '../views/index.ts';
import { areas } from './areas.ts';

export interface WindowActions {
  openPalette: () => void;
  openHelp: () => void;
  startTour: () => void;
}

/** Binds the keys and offers the commands; returns the way to take both back. */
export function addWindowCommands({ openPalette, openHelp, startTour }: WindowActions): () => void {
  const stops = [
    shortcuts.add({ keys: 'Ctrl+K', label: () => t('frame:keys.palette'), scope: 'window', run: openPalette, inFields: true }),
    shortcuts.add({ keys: '?', label: () => t('frame:keys.help'), scope: 'window', run: openHelp }),
    ...areas.flatMap((area) =>
      area.key
        ? [shortcuts.add({ keys: `g ${area.key}`, label: () => label(area.titleKey), scope: 'window', run: () => router.go(area.id) })]
        : [],
    ),
    commands.add(() => [
      ...goCommands(),
      ...lookCommands(),
      { id: 'tour', kind: 'guide', title: t('frame:help.tour'), icon: Compass, run: startTour },
    ]),
  ];
  return () => stops.forEach((stop) => stop());
}

function goCommands(): Command[] {
  const toAreas = areas.map((area): Command => ({
    id: `go-${area.id}`,
    kind: 'verb',
    title: t('frame:palette.go', { place: label(area.titleKey) }),
    icon: area.icon,
    ...(area.key ? { keys: `g ${area.key}` } : {}),
    run: () => router.go(area.id),
  }));
  // Pages without a value in their address, besides the areas' own.
  const pages = views.filter(({ route, area }) => !route.includes(':') && route !== `/${area}`);
  const toPages = pages.map((page): Command => ({
    id: `go${page.route.replaceAll('/', '-')}`,
    kind: 'verb',
    title: t('frame:palette.go', { place: label(page.titleKey) }),
    icon: areas.find(({ id }) => id === page.area)?.icon ?? Compass,
    run: () => router.follow(`#${page.route}`),
  }));
  return [...toAreas, ...toPages];
}

function lookCommands(): Command[] {
  return [
    ...themes
      .filter((theme) => theme !== preferences.theme)
      .map((theme): Command => ({
        id: `theme-${theme}`,
        kind: 'verb',
        title: t('frame:palette.theme', { theme: t(`frame:theme.${theme}`) }),
        icon: Sun,
        run: () => preferences.set({ theme }),
      })),
    ...languages
      .filter((language) => language !== preferences.language)
      .map((language): Command => ({
        id: `language-${language}`,
        kind: 'verb',
        title: t('frame:palette.language', { language: t(`frame:language.${language}`) }),
        icon: Languages,
        run: () => preferences.set({ language }),
      })),
    ...densities
      .filter((density) => density !== preferences.density)
      .map((density): Command => ({
        id: `density-${density}`,
        kind: 'verb',
        title: t('frame:palette.density', { density: t(`frame:density.${density}`) }),
        icon: Rows3,
        run: () => preferences.set({ density }),
      })),
  ];
}
