import type { HandlersOf } from '../../src-shared/rpc/contract.ts';
import type { audit as namespace } from '../../src-shared/rpc/audit.ts';
import type { AuditService } from '../govern/auditService.ts';

export function auditHandlers(audit: AuditService): HandlersOf<typeof namespace> {
  return {
    'audit.list': (query) => audit.list(query),
    'audit.verify': ({ against }) => audit.verify(against),
    'audit.export': async ({ file }, caller) => ({ file, entries: (await audit.export(file, caller)).entries }),
  };
}
