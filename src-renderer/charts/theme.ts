// Chart looks from the roles in tokens.css. Read again whenever theme, density or language change.
import type { DataRole } from '../components/tone.ts';

/** Reads one custom property of the page: `roles('--d-cur')`. */
export type Roles = (name: `--${string}`) => string;

export function readRoles(root: HTMLElement = document.documentElement): Roles {
  const css = getComputedStyle(root);
  return (name) => css.getPropertyValue(name).trim();
}

/** Axis text: 11 px, Chinese never under 12. */
export function axisText(
  roles: Roles,
  root: HTMLElement = document.documentElement,
): { fontFamily: string; fontSize: number; color: string } {
  return { fontFamily: roles('--font-ui'), fontSize: root.lang.startsWith('zh') ? 12 : 11, color: roles('--text-3') };
}

/** The theme that every chart is made with. */
export function chartTheme(roles: Roles): object {
  const text = axisText(roles);
  const axis = (isValue: boolean): object => ({
    axisLine: { show: !isValue, lineStyle: { color: roles('--axis') } },
    axisTick: { show: !isValue, length: 4, lineStyle: { color: roles('--axis') } },
    axisLabel: { ...text, hideOverlap: true, margin: 8 },
    splitLine: { show: isValue, lineStyle: { color: roles('--grid') } },
    nameTextStyle: { ...text, align: 'left' },
  });
  return {
    color: [1, 2, 3, 4, 5, 6, 7, 8].map((index) => roles(`--c${index}`)),
    backgroundColor: 'transparent',
    textStyle: text,
    categoryAxis: axis(false),
    timeAxis: axis(false),
    valueAxis: axis(true),
    logAxis: axis(true),
    tooltip: {
      confine: true,
      padding: [6, 10],
      borderWidth: 1,
      borderColor: roles('--line-2'),
      backgroundColor: roles('--raised'),
      textStyle: { ...text, fontSize: 12, color: roles('--text') },
    },
  };
}

/** Line of one data role: reference grey and dashed, current blue, challenger orange, estimate violet and dashed. */
export function roleLine(role: DataRole, roles: Roles): { color: string; width: number; type: 'solid' | number[] } {
  const color = roles(`--d-${role}`);
  if (role === 'ref') return { color, width: 1.2, type: [4, 3] };
  if (role === 'shadow') return { color, width: 1.6, type: [5, 3] };
  return { color, width: 1.7, type: 'solid' };
}
