// Rows and answers of a stored request, whichever protocol it came by.

export interface InputRows {
  rows: number;
  /** Values of one column by row number; undefined where the request left the column out. */
  column(name: string): (row: number) => unknown;
}

interface StoredTensor {
  name: string;
  shape: number[];
  data: unknown;
}

/** Null when the body was unreadable. */
export function inputRows(json: string): InputRows | null {
  const value = JSON.parse(json) as { rows?: Record<string, unknown>[]; inputs?: StoredTensor[] };
  if (Array.isArray(value.rows)) {
    const { rows } = value;
    return { rows: rows.length, column: (name) => (row) => (Object.hasOwn(rows[row]!, name) ? rows[row]![name] : undefined) };
  }
  if (Array.isArray(value.inputs) && value.inputs.length > 0) {
    const { inputs } = value;
    return {
      rows: inputs[0]!.shape[0]!,
      column: (name) => {
        const tensor = inputs.find((each) => each.name === name);
        const flat = Array.isArray(tensor?.data) ? (tensor.data as unknown[]).flat(16) : [];
        return (row) => flat[row];
      },
    };
  }
  return null;
}

/** The first `rows` predictions: text for classes (of several labels a JSON array of names), numbers else. `labels`: of such a model. */
export function predictionsOf(json: string | null, rows: number, labels: readonly string[] = []): (string | number | null)[] {
  return answersOf(json, rows, labels).map(({ prediction }) => prediction);
}

export interface StoredAnswer {
  prediction: string | number | null;
  /** In the order of the classes; null when the model gives none. */
  probabilities: number[] | null;
}

export function answersOf(json: string | null, rows: number, classes: readonly string[]): StoredAnswer[] {
  if (json === null) return [];
  const value = JSON.parse(json) as {
    predictions?: { prediction?: unknown; probabilities?: Record<string, number> }[];
    outputs?: StoredTensor[];
  };
  if (Array.isArray(value.predictions)) {
    return value.predictions.slice(0, rows).map(({ prediction, probabilities }) => ({
      prediction: Array.isArray(prediction) ? JSON.stringify(prediction) : scalar(prediction),
      // By name: in a JSON object a class called "10" moves to the front.
      probabilities: probabilities ? classes.map((name) => probabilities[name] ?? 0) : null,
    }));
  }
  const tensor = (name: string): StoredTensor | undefined => value.outputs?.find((each) => each.name === name);
  const predictions = tensor('prediction');
  if (!predictions || !Array.isArray(predictions.data)) return [];
  const flat = perRow(predictions, classes);
  const probabilities = tensor('probabilities');
  const width = probabilities?.shape.at(-1) ?? 0;
  const flatProbabilities = Array.isArray(probabilities?.data) ? (probabilities.data as unknown[]).flat(16) : [];
  return flat.slice(0, rows).map((prediction, row) => ({
    prediction: scalar(prediction),
    probabilities: width > 0 ? (flatProbabilities.slice(row * width, (row + 1) * width) as number[]) : null,
  }));
}

/** A matrix of truth values is which labels each row has. */
function perRow({ data, shape }: StoredTensor, labels: readonly string[]): unknown[] {
  const flat = (data as unknown[]).flat(16);
  const width = shape.length === 2 ? shape[1]! : 1;
  if (width === 1 || width !== labels.length) return flat;
  return Array.from({ length: flat.length / width }, (_, row) =>
    JSON.stringify(labels.filter((__, label) => flat[row * width + label] === true || flat[row * width + label] === 1)),
  );
}

function scalar(value: unknown): string | number | null {
  return typeof value === 'string' || typeof value === 'number' ? value : typeof value === 'boolean' ? String(value) : null;
}
