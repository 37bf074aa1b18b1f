// What stands on a time chart besides the data: gaps, limits, deployments, the end of known labels. Custom series draw them all, so that
// they look the same on every chart.
import type { CustomSeriesOption } from 'echarts/charts';
import type { CustomSeriesRenderItemAPI, CustomSeriesRenderItemParams, CustomSeriesRenderItemReturn } from 'echarts';
import { hatchLines } from './hatch.ts';
import { axisText, type Roles } from './theme.ts';

export type Annotation =
  /** Nothing was recorded: hatched. */
  | { kind: 'gap'; from: number; to: number }
  /** A stretch worth seeing, e.g. requests turned away. */
  | { kind: 'shade'; from: number; to: number; tone: 'watch' | 'sunken' }
  /** Red, dashed, with its value. */
  | { kind: 'limit'; value: number; label: string }
  /** A level to compare with, grey and dashed, e.g. the champion. */
  | { kind: 'level'; value: number; label: string }
  /** Dotted rule with a flag: a deployment or an import. */
  | { kind: 'event'; at: number; label: string; tone?: 'cur' | 'crit' | 'chal' | undefined }
  /** A point of the curve itself, such as the best epoch; not hidden with the events. */
  | { kind: 'mark'; at: number; label: string; category?: number | undefined }
  /** Truth is known until here. */
  | { kind: 'known'; at: number; label: string };

const eventColors = { cur: '--d-cur', crit: '--crit-mark', chal: '--d-chal' } as const;

type Shape = Extract<CustomSeriesRenderItemReturn, { type: 'group' }>['children'];

/** Stretches lie under the data, so that they hide none of it; rules and their words lie above. */
export function annotationSeries(annotations: readonly Annotation[], roles: Roles): CustomSeriesOption[] {
  const isStretch = ({ kind }: Annotation): boolean => kind === 'gap' || kind === 'shade';
  return [
    layer('stretches', annotations.filter(isStretch), 1, roles),
    layer(
      'rules',
      annotations.filter((one) => !isStretch(one)),
      5,
      roles,
    ),
  ];
}

function layer(id: string, annotations: readonly Annotation[], z: number, roles: Roles): CustomSeriesOption {
  return {
    type: 'custom',
    id,
    silent: true,
    animation: false,
    clip: false,
    z,
    tooltip: { show: false },
    // The value is not a datum of the axes: limits and events must not widen them by themselves.
    encode: { x: -1, y: -1, tooltip: [] },
    data: annotations.map((_, index) => [index]),
    renderItem: (params, api) => {
      const annotation = annotations[params.dataIndex];
      if (!annotation) return { type: 'group', children: [] };
      return { type: 'group', children: shapes(annotation, plot(params, api), roles) };
    },
  };
}

interface Plot {
  left: number;
  top: number;
  right: number;
  bottom: number;
  x: (value: number) => number;
  y: (value: number) => number;
}

function plot(params: CustomSeriesRenderItemParams, api: CustomSeriesRenderItemAPI): Plot {
  const area = params.coordSys as unknown as { x: number; y: number; width: number; height: number };
  const at = (x: number, y: number): number[] => api.coord([x, y]);
  return {
    left: area.x,
    top: area.y,
    right: area.x + area.width,
    bottom: area.y + area.height,
    x: (value) => at(value, 0)[0] ?? 0,
    y: (value) => at(0, value)[1] ?? 0,
  };
}

function shapes(annotation: Annotation, area: Plot, roles: Roles): Shape {
  const clampX = (x: number): number => Math.min(area.right, Math.max(area.left, x));
  switch (annotation.kind) {
    case 'gap': {
      const [from, to] = [clampX(area.x(annotation.from)), clampX(area.x(annotation.to))];
      const lines = hatchLines(from, area.top, to - from, area.bottom - area.top);
      return [
        {
          type: 'rect',
          shape: { x: from, y: area.top, width: to - from, height: area.bottom - area.top },
          style: { fill: roles('--d-null-fill') },
          z2: -2,
        },
        ...lines.map(([x1, y1, x2, y2]) => ({
          type: 'line' as const,
          shape: { x1, y1, x2, y2 },
          style: { stroke: roles('--d-null'), lineWidth: 1, opacity: 0.55 },
          z2: -1,
        })),
      ];
    }
    case 'shade': {
      const [from, to] = [clampX(area.x(annotation.from)), clampX(area.x(annotation.to))];
      const fill = annotation.tone === 'watch' ? roles('--watch-soft') : roles('--sunken');
      return [{ type: 'rect', shape: { x: from, y: area.top, width: to - from, height: area.bottom - area.top }, style: { fill }, z2: -3 }];
    }
    case 'limit':
    case 'level': {
      const y = Math.round(area.y(annotation.value)) + 0.5;
      if (y < area.top - 1 || y > area.bottom + 1) return [];
      const isLimit = annotation.kind === 'limit';
      const above = y - area.top > 16;
      return [
        {
          type: 'line',
          shape: { x1: area.left, x2: area.right, y1: y, y2: y },
          style: { stroke: roles(isLimit ? '--crit-mark' : '--d-ref'), lineDash: [4, 3], lineWidth: 1 },
        },
        label(
          annotation.label,
          isLimit ? area.left + 4 : area.right - 2,
          above ? y - 4 : y + 4,
          isLimit ? 'left' : 'right',
          above ? 'bottom' : 'top',
          roles(isLimit ? '--crit' : '--text-2'),
          roles,
        ),
      ];
    }
    case 'event':
    case 'mark':
    case 'known': {
      const raw = area.x(annotation.at);
      if (raw < area.left - 1 || raw > area.right + 1) return [];
      const x = Math.round(raw) + 0.5;
      const tone: `--${string}` =
        annotation.kind === 'known'
          ? '--d-ref'
          : annotation.kind === 'mark'
            ? annotation.category
              ? `--c${annotation.category}`
              : '--d-cur'
            : eventColors[annotation.tone ?? 'cur'];
      const text = annotation.kind === 'event' && annotation.tone === 'crit' ? '--crit' : '--text-2';
      // The flag's text goes to the side where there is room.
      const toLeft = x - area.left > (area.right - area.left) * 0.6;
      return [
        {
          type: 'line',
          shape: { x1: x, x2: x, y1: area.top, y2: area.bottom },
          style: { stroke: roles(tone), lineDash: [2, 2], lineWidth: 1 },
        },
        { type: 'polygon', shape: { points: [[x - 4, area.top - 4], [x + 4, area.top - 4], [x, area.top + 1]] }, style: { fill: roles(tone) } }, // prettier-ignore
        label(annotation.label, toLeft ? x - 8 : x + 8, area.top - 2, toLeft ? 'right' : 'left', 'middle', roles(text), roles),
      ];
    }
  }
}

function label(
  text: string,
  x: number,
  y: number,
  align: 'left' | 'right',
  verticalAlign: 'top' | 'middle' | 'bottom',
  fill: string,
  roles: Roles,
): NonNullable<Shape>[number] {
  const { fontFamily, fontSize } = axisText(roles);
  // A halo in the ground's colour keeps the words readable over lines.
  return {
    type: 'text',
    x,
    y,
    style: { text, fill, align, verticalAlign, font: `${fontSize}px ${fontFamily}`, stroke: roles('--surface'), lineWidth: 3 },
  };
}
