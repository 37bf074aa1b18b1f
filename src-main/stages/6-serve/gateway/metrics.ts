// Prometheus metrics of this gateway process: https://prometheus.io/docs/instrumenting/exposition_formats/
import { Counter, Gauge, Histogram, Registry } from 'prom-client';

export class GatewayMetrics {
  readonly #registry = new Registry();
  readonly #requests = new Counter({
    name: 'modelkeep_requests_total',
    help: 'Requests answered, by endpoint, protocol and status.',
    labelNames: ['endpoint', 'protocol', 'status'] as const,
    registers: [this.#registry],
  });
  readonly #latency = new Histogram({
    name: 'modelkeep_request_duration_seconds',
    help: 'Time from the arrival of a request to its answer.',
    labelNames: ['endpoint'] as const,
    buckets: [0.0005, 0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1, 2, 5],
    registers: [this.#registry],
  });
  /** Label objects are looked up by content; keeping the child saves that on every request. */
  readonly #children = new Map<string, { requests: Counter.Internal; latency: Histogram.Internal<'endpoint'> }>();

  constructor(
    collect: () => { endpoint: string; inFlight: number; limit: number; ready: boolean; replaced: number; version: number }[],
    journal: () => { dropped: number },
  ) {
    const gauge = (name: string, help: string, of: (endpoint: ReturnType<typeof collect>[number]) => number): void => {
      new Gauge({
        name,
        help,
        labelNames: ['endpoint'] as const,
        registers: [this.#registry],
        collect() {
          this.reset();
          for (const endpoint of collect()) this.set({ endpoint: endpoint.endpoint }, of(endpoint));
        },
      });
    };
    gauge('modelkeep_requests_in_flight', 'Requests waiting or running.', ({ inFlight }) => inFlight);
    gauge('modelkeep_requests_in_flight_limit', 'Requests beyond which new ones are refused with 429.', ({ limit }) => limit);
    gauge('modelkeep_endpoint_ready', '1 when the endpoint answers.', ({ ready }) => Number(ready));
    gauge('modelkeep_endpoint_version', 'Model version that answers.', ({ version }) => version);
    gauge('modelkeep_hosts_replaced', 'Inference hosts replaced since the gateway started.', ({ replaced }) => replaced);
    new Gauge({
      name: 'modelkeep_journal_dropped',
      help: 'Requests that were answered but could not be stored.',
      registers: [this.#registry],
      collect() {
        this.set(journal().dropped);
      },
    });
  }

  record(endpoint: string, protocol: string, status: number, latencyMs: number): void {
    const key = `${endpoint} ${protocol} ${status}`;
    let child = this.#children.get(key);
    if (!child) {
      child = {
        requests: this.#requests.labels({ endpoint, protocol, status: String(status) }),
        latency: this.#latency.labels({ endpoint }),
      };
      this.#children.set(key, child);
    }
    child.requests.inc();
    child.latency.observe(latencyMs / 1000);
  }

  text(): Promise<string> {
    return this.#registry.metrics();
  }

  get contentType(): string {
    return this.#registry.contentType;
  }
}
