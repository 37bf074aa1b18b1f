import os from 'node:os';
import { settings as settingsSchema, type Settings } from '../../src-shared/rpc/system.ts';
import type { Caller } from '../../src-shared/rpc/contract.ts';
import type { AuditWriter } from '../platform/auditWriter.ts';
import { transaction, type WritableDb } from '../platform/sqlite.ts';

/** What a person may change, one row per setting. */
export class SettingsStore {
  readonly #db: WritableDb;
  readonly #audit: AuditWriter;

  constructor(db: WritableDb, audit: AuditWriter) {
    this.#db = db;
    this.#audit = audit;
  }

  get(): Settings {
    const stored = this.#db.prepare<[], { key: string; value: string }>('SELECT key, value FROM settings').all();
    return settingsSchema.parse({
      ...defaults(),
      ...Object.fromEntries(stored.map(({ key, value }) => [key, JSON.parse(value) as unknown])),
    });
  }

  save(wanted: Settings, caller: Caller): Settings {
    transaction(this.#db, () => {
      const before = this.get();
      const changed = (Object.keys(wanted) as (keyof Settings)[]).filter((key) => wanted[key] !== before[key]);
      if (changed.length === 0) return;
      const put = this.#db.prepare(
        'INSERT INTO settings (key, value) VALUES (?, ?) ON CONFLICT (key) DO UPDATE SET value = excluded.value',
      );
      for (const key of changed) put.run(key, JSON.stringify(wanted[key]));
      const details = Object.fromEntries(changed.map((key) => [key, { from: before[key], to: wanted[key] }]));
      this.#audit.append({ caller, action: 'system.saveSettings', subject: 'settings', details });
    });
    return this.get();
  }
}

/** MODELKEEP_SERVE_PORT stands in for the port until one is chosen; tests use 0. */
function defaults(): Settings {
  return {
    servePort: Number(process.env.MODELKEEP_SERVE_PORT ?? 8080),
    serveGrpcPort: process.env.MODELKEEP_SERVE_PORT === '0' ? 0 : 8081,
    serveControl: false,
    jobMemoryMb: Math.max(512, Math.min(8192, Math.floor(os.totalmem() / 1024 / 1024 / 2))),
    requestRetentionDays: 90,
  };
}
