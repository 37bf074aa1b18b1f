// What a key combination is called, apart from the page, so that it can be tested.

/** `'n'`, `'?'`, `'['`, `'Ctrl+K'`, `'Shift+ArrowRight'`, `'Space'`, or a sequence such as `'g d'`. Ctrl also means Cmd on a Mac. */
export type Keys = string;

export interface KeyPress {
  key: string;
  ctrlKey: boolean;
  metaKey: boolean;
  altKey: boolean;
  shiftKey: boolean;
}

/** The name of a key press, in the notation of `Keys`. */
export function nameOfPress({ key, ctrlKey, metaKey, altKey, shiftKey }: KeyPress): string {
  const isPrintable = key.length === 1;
  const base = key === ' ' ? 'Space' : isPrintable ? (ctrlKey || metaKey ? key.toUpperCase() : key.toLowerCase()) : key;
  // Shift is already in a printable character: "?" is "?" on every keyboard layout.
  const shift = shiftKey && (!isPrintable || key === ' ' || ctrlKey || metaKey) ? 'Shift+' : '';
  return `${ctrlKey || metaKey ? 'Ctrl+' : ''}${altKey ? 'Alt+' : ''}${shift}${base}`;
}

const faces: Record<string, string> = {
  Enter: '↵',
  ArrowUp: '↑',
  ArrowDown: '↓',
  ArrowLeft: '←',
  ArrowRight: '→',
  Escape: 'Esc',
  Delete: 'Del',
};

/** How the key caps are labelled: `['Ctrl K']`, `['G', 'D']`, `['↵']`. */
export function capsOf(keys: Keys): string[] {
  return keys.split(' ').map((press) =>
    press
      .split(/\+(?=.)/)
      .map((part) => faces[part] ?? (part.length === 1 ? part.toUpperCase() : part))
      .join(' '),
  );
}

/** For `aria-keyshortcuts`: `Control+K`, `G D`. */
export function ariaKeys(keys: Keys): string {
  return keys.replaceAll('Ctrl', 'Control');
}
