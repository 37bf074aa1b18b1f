// The inside of a chart's tooltip as elements: names come from data and must not be read as HTML.

export interface TipRow {
  name: string;
  value: string;
  /** A colour; none: no mark. */
  color?: string | undefined;
}

export function tip(title: string, rows: readonly TipRow[]): HTMLElement {
  const box = document.createElement('div');
  box.className = 'num';
  const head = document.createElement('div');
  head.className = 'text-xs text-text-3';
  head.textContent = title;
  box.append(head);
  for (const { name, value, color } of rows) {
    const row = document.createElement('div');
    row.className = 'flex items-center gap-1.5 text-sm leading-5';
    const mark = document.createElement('span');
    mark.className = 'inline-block size-2 rounded-xs';
    mark.style.background = color ?? 'transparent';
    const label = document.createElement('span');
    label.className = 'mr-3 text-text-2';
    label.textContent = name;
    const figure = document.createElement('b');
    figure.className = 'ml-auto';
    figure.textContent = value;
    row.append(mark, label, figure);
    box.append(row);
  }
  return box;
}
