// Addresses of the gateway.
import { namePattern } from '../../../../src-shared/domain/names.ts';

export type Route =
  | { kind: 'predict'; endpoint: string }
  | { kind: 'infer'; endpoint: string; version: string | null }
  | { kind: 'modelMetadata' | 'modelReady' | 'modelConfig' | 'modelStatistics'; endpoint: string; version: string | null }
  | ControlRoute
  | { kind: 'endpoint'; endpoint: string }
  | { kind: 'live' | 'ready' | 'serverMetadata' | 'allStatistics' | 'endpoints' | 'openapi' | 'metrics' };

/** The repository extension. */
export type ControlRoute =
  { kind: 'modelLoad'; endpoint: string } | { kind: 'modelUnload'; endpoint: string } | { kind: 'repositoryIndex' };

const fixed: Record<string, Route> = {
  '/v2': { kind: 'serverMetadata' },
  '/v2/': { kind: 'serverMetadata' },
  '/v2/health/live': { kind: 'live' },
  '/v2/health/ready': { kind: 'ready' },
  '/v2/models/stats': { kind: 'allStatistics' },
  '/v2/repository/index': { kind: 'repositoryIndex' },
  '/api/v1/endpoints': { kind: 'endpoints' },
  '/openapi.json': { kind: 'openapi' },
  '/metrics': { kind: 'metrics' },
};

export const methodOf: Record<Route['kind'], 'GET' | 'POST'> = {
  predict: 'POST',
  infer: 'POST',
  modelMetadata: 'GET',
  modelReady: 'GET',
  modelConfig: 'GET',
  modelStatistics: 'GET',
  modelLoad: 'POST',
  modelUnload: 'POST',
  allStatistics: 'GET',
  repositoryIndex: 'POST',
  endpoint: 'GET',
  live: 'GET',
  ready: 'GET',
  serverMetadata: 'GET',
  endpoints: 'GET',
  openapi: 'GET',
  metrics: 'GET',
};

/** True for addresses whose errors have the form of the Open Inference Protocol. */
export function isV2(path: string): boolean {
  return path === '/v2' || path.startsWith('/v2/');
}

/** Null for an address that is none of ours. The query is not looked at. */
export function routeOf(target: string): Route | null {
  const end = target.indexOf('?');
  const path = end < 0 ? target : target.slice(0, end);
  if (Object.hasOwn(fixed, path)) return fixed[path]!;
  const parts = path.split('/');
  if (parts[1] === 'api' && parts[2] === 'v1' && parts[3] === 'endpoints') {
    const endpoint = nameOf(parts[4]);
    if (endpoint === null) return null;
    if (parts.length === 5) return { kind: 'endpoint', endpoint };
    return parts.length === 6 && parts[5] === 'predict' ? { kind: 'predict', endpoint } : null;
  }
  if (parts[1] === 'v2' && parts[2] === 'models') {
    const endpoint = nameOf(parts[3]);
    if (endpoint === null) return null;
    const versioned = parts[4] === 'versions';
    const version = versioned ? (parts[5] ?? '') : null;
    const rest = parts.slice(versioned ? 6 : 4);
    if (version === '' || rest.length > 1) return null;
    if (rest.length === 0) return { kind: 'modelMetadata', endpoint, version };
    if (rest[0] === 'infer') return { kind: 'infer', endpoint, version };
    if (rest[0] === 'config') return { kind: 'modelConfig', endpoint, version };
    if (rest[0] === 'stats') return { kind: 'modelStatistics', endpoint, version };
    if (rest[0] === 'ready') return { kind: 'modelReady', endpoint, version };
  }
  if (parts[1] === 'v2' && parts[2] === 'repository' && parts[3] === 'models' && parts.length === 6) {
    const endpoint = nameOf(parts[4]);
    if (endpoint !== null && parts[5] === 'load') return { kind: 'modelLoad', endpoint };
    if (endpoint !== null && parts[5] === 'unload') return { kind: 'modelUnload', endpoint };
  }
  return null;
}

/** Decoded once; a name that could not be an endpoint's is none. */
function nameOf(part: string | undefined): string | null {
  if (!part) return null;
  try {
    const name = part.includes('%') ? decodeURIComponent(part) : part;
    return namePattern.test(name) ? name : null;
  } catch {
    return null;
  }
}
