// Every program that runs as a child process (or thread, …Thread): its name and its source, below src-main. The build bundles each to dist/main/<name>.js.
export const workerEntries = {
  core: 'coreProcess.ts',
  dataWorker: 'stages/1-data/worker/main.ts',
  trainWorker: 'stages/4-train/worker/main.ts',
  fitWorker: 'stages/4-train/worker/fit/fitWorker.ts',
  gradientThread: 'stages/4-train/worker/threads/gradientThread.ts',
  pipelineThread: 'stages/4-train/pipeline/pipelineThread.ts',
  gateway: 'stages/6-serve/gateway/main.ts',
  inferenceHost: 'stages/6-serve/host/main.ts',
  ingester: 'stages/6-serve/ingester/main.ts',
  adviseWorker: 'stages/9-advise/worker/main.ts',
  libraryProbe: 'platform/libraryProbe.ts',
} as const;
export type WorkerName = keyof typeof workerEntries;
