/** Where a text first stops being JSON (RFC 8259); null when all of it is. Only for texts that JSON.parse refused: it says where, not why. */
export function jsonErrorOffset(text: string): number | null {
  /** Brackets that are still open. */
  const open: ('{' | '[')[] = [];
  let expect = 'value' as 'value' | 'firstKey' | 'key' | 'colon' | 'next' | 'firstItem' | 'end';
  let at = 0;
  const afterValue = (): 'end' | 'next' => (open.length === 0 ? 'end' : 'next');
  while (at < text.length) {
    const char = text[at]!;
    if (char === ' ' || char === '\n' || char === '\r' || char === '\t') {
      at++;
      continue;
    }
    if (expect === 'end') return at;
    if (expect === 'colon') {
      if (char !== ':') return at;
      at++;
      expect = 'value';
    } else if (expect === 'next') {
      const inObject = open.at(-1) === '{';
      at++;
      if (char === ',') expect = inObject ? 'key' : 'value';
      else if (char === (inObject ? '}' : ']')) {
        open.pop();
        expect = afterValue();
      } else return at - 1;
    } else if (expect === 'firstKey' || expect === 'key') {
      if (char === '}' && expect === 'firstKey') {
        at++;
        open.pop();
        expect = afterValue();
        continue;
      }
      if (char !== '"') return at;
      const length = stringLength(text, at);
      if (length < 0) return at - length;
      at += length;
      expect = 'colon';
    } else if (char === ']' && expect === 'firstItem') {
      at++;
      open.pop();
      expect = afterValue();
    } else if (char === '{' || char === '[') {
      open.push(char);
      expect = char === '{' ? 'firstKey' : 'firstItem';
      at++;
    } else if (char === '"') {
      const length = stringLength(text, at);
      if (length < 0) return at - length;
      at += length;
      expect = afterValue();
    } else {
      scalar.lastIndex = at;
      const match = scalar.exec(text);
      if (!match) return at;
      at += match[0].length;
      expect = afterValue();
    }
  }
  return expect === 'end' ? null : text.length;
}

const scalar = /(?:-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?|true|false|null)(?![\w.])/y;

/** Characters of the string that starts at `start`; negative: how far into it the fault is. */
function stringLength(text: string, start: number): number {
  let at = start + 1;
  while (at < text.length) {
    const char = text[at]!;
    if (char === '"') return at + 1 - start;
    if (char < ' ') return start - at;
    if (char === '\\') {
      escape.lastIndex = at;
      const match = escape.exec(text);
      if (!match) return start - at;
      at += match[0].length;
    } else at++;
  }
  return start - at;
}

const escape = /\\(?:["\\/bfnrt]|u[0-9a-fA-F]{4})/y;
