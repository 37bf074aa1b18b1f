// Stored bodies as rows: callers may send named rows, one bare object, or V2 tensors.

type Row = Record<string, unknown>;

/** Rows of a stored input; empty when it has no rows that can be told apart. */
export function rowsOf(input: unknown): Row[] {
  if (!isObject(input)) return [];
  const { rows, inputs } = input;
  if (Array.isArray(rows)) return rows.filter(isObject);
  if (Array.isArray(inputs)) return rowsOfTensors(inputs);
  return Object.keys(input).length > 0 ? [input] : [];
}

/** One answer a row, with probabilities as columns of their own. */
export function answersOf(output: unknown): Row[] {
  if (!isObject(output)) return [];
  const { predictions, outputs } = output;
  if (Array.isArray(predictions)) return predictions.filter(isObject).map(flatten);
  return Array.isArray(outputs) ? rowsOfTensors(outputs) : [];
}

/** `{name, shape: [n, …], data}` for each column, read row by row. */
function rowsOfTensors(tensors: readonly unknown[]): Row[] {
  const rows: Row[] = [];
  for (const tensor of tensors) {
    if (!isObject(tensor)) continue;
    const { name, shape, data } = tensor;
    if (typeof name !== 'string' || !Array.isArray(shape) || !Array.isArray(data)) continue;
    const count = Number(shape[0]);
    if (!Number.isInteger(count) || count <= 0) continue;
    const values: unknown[] = data.flat(Infinity);
    const width = values.length / count;
    for (let row = 0; row < count; row++) {
      const part = values.slice(row * width, (row + 1) * width);
      (rows[row] ??= {})[name] = part.length === 1 ? part[0] : part;
    }
  }
  return rows;
}

function flatten({ probabilities, ...rest }: Row): Row {
  if (!isObject(probabilities)) return { ...rest, ...(probabilities === undefined ? {} : { probabilities }) };
  const named = Object.entries(probabilities).map(([name, value]) => [`P(${name})`, value]);
  return { ...rest, ...Object.fromEntries(named) };
}

/** First characters of PNG, JPEG, GIF and WebP in base64. */
const imageStarts = ['iVBORw0KGgo', '/9j/', 'R0lGOD', 'UklGR'];

/** True for a cell that holds an encoded image, which nobody wants to read. */
export function isEncodedImage(value: unknown): value is string {
  return typeof value === 'string' && value.length > 100 && imageStarts.some((start) => value.startsWith(start));
}

const longestShown = 400;

/** A cell as it is shown; the whole value stands in the raw request below. */
export function shortened(text: string): string {
  return text.length > longestShown ? `${text.slice(0, longestShown)}…` : text;
}

function isObject(value: unknown): value is Row {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
