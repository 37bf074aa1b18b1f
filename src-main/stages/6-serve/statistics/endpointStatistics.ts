// What the statistics extension of the protocol counts of one version while it answers
// (https://github.com/triton-inference-server/server/blob/main/docs/protocol/extension_statistics.md).

export interface DurationSum {
  count: number;
  ns: number;
}

/** Where the time of one answer went, µs, and the runs of the graph that ended since the last answer: each answered some of its rows. */
export interface Timing {
  queueUs: number;
  inputUs: number;
  inferUs: number;
  outputUs: number;
  runs: readonly { rows: number; us: number }[];
}

export class EndpointStatistics {
  lastInferenceMs = 0;
  rows = 0;
  runs = 0;
  readonly success = zero();
  readonly fail = zero();
  readonly queue = zero();
  readonly computeInput = zero();
  readonly computeInfer = zero();
  readonly computeOutput = zero();
  /** By rows of a run, at most as many as a chunk has. */
  readonly batches = new Map<number, DurationSum>();

  addSuccess(at: number, latencyMs: number, rows: number, { queueUs, inputUs, inferUs, outputUs }: Timing): void {
    this.lastInferenceMs = Math.round(at);
    this.rows += rows;
    add(this.success, latencyMs * 1000);
    add(this.queue, queueUs);
    add(this.computeInput, inputUs);
    add(this.computeInfer, inferUs);
    add(this.computeOutput, outputUs);
  }

  addFailure(latencyMs: number): void {
    add(this.fail, latencyMs * 1000);
  }

  addRuns(runs: Timing['runs']): void {
    for (const { rows, us } of runs) {
      this.runs++;
      let sum = this.batches.get(rows);
      if (!sum) this.batches.set(rows, (sum = zero()));
      add(sum, us);
    }
  }
}

/** As the extension writes it. */
export function statisticsJson(endpoint: string, version: number, statistics: EndpointStatistics): object {
  const { success, fail, queue, computeInput, computeInfer, computeOutput } = statistics;
  const sum = ({ count, ns }: DurationSum): DurationSum => ({ count, ns: Math.round(ns) });
  return {
    name: endpoint,
    version: String(version),
    last_inference: statistics.lastInferenceMs,
    inference_count: statistics.rows,
    execution_count: statistics.runs,
    inference_stats: {
      success: sum(success),
      fail: sum(fail),
      queue: sum(queue),
      compute_input: sum(computeInput),
      compute_infer: sum(computeInfer),
      compute_output: sum(computeOutput),
    },
    batch_stats: [...statistics.batches].map(([size, each]) => ({ batch_size: size, compute_infer: sum(each) })),
  };
}

function zero(): DurationSum {
  return { count: 0, ns: 0 };
}

function add(sum: DurationSum, us: number): void {
  sum.count++;
  sum.ns += us * 1000;
}
