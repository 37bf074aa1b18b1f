/**
 * Labels for the rows of one dataset version: queue, save, freeze, export.
 *
 * Every change is one SQLite transaction that also writes history and the audit entry, and is acknowledged after its commit.
 * Caveats: a label set stays with the dataset version it was made for; a class can be removed only while no row carries it.
 */
import { resolve } from 'node:path';
import type { VersionRef } from '../../../src-shared/domain/names.ts';
import type { Cell } from '../../../src-shared/domain/table.ts';
import { ModelkeepError } from '../../../src-shared/errors/modelkeepError.ts';
import { requireName } from '../../../src-shared/errors/requireName.ts';
import type { Caller, Parsed } from '../../../src-shared/rpc/contract.ts';
import type { Emit } from '../../../src-shared/rpc/events.ts';
import type { LabelItem, LabelSet } from '../../../src-shared/rpc/label.ts';
import type { AuditWriter } from '../../platform/auditWriter.ts';
import type { BlobStore } from '../../platform/blobStore.ts';
import type { Clock } from '../../platform/clock.ts';
import { writeExport } from '../../platform/files.ts';

import { transaction, type WritableDb } from '../../platform/sqlite.ts';
import { classNamed, requireDistinct, type LabelClass } from './classes.ts';
import { decodeFrozen, encodeFrozen, frozenAsCsv, frozenAsJson, type EncodedLabels } from './frozen.ts';
import { itemColumnFor, requireColumn } from './itemColumn.ts';
import type { RowReader } from './rowReader.ts';
import { decidedPages, LabelStore, type HistoryRow, type SetRow } from './store.ts';

export type { RowReader } from './rowReader.ts';
export type { LabelClass } from './classes.ts';
export type { HistoryRow } from './store.ts';

export interface LabelDependencies {
  db: WritableDb;
  blobs: BlobStore;
  audit: AuditWriter;
  clock: Clock;
  emit: Emit;
  data: RowReader;
}

export class LabelService {
  readonly #with: LabelDependencies;
  readonly #store: LabelStore;

  constructor(dependencies: LabelDependencies) {
    this.#with = dependencies;
    this.#store = new LabelStore(dependencies.db);
  }

  /** Errors: MK_NAME_INVALID, MK_NAME_TAKEN, MK_NOT_FOUND, MK_LABEL_CLASSES_DUPLICATE, MK_LABEL_COLUMN_UNKNOWN, MK_LABEL_COLUMN_TYPE. */
  create(params: Parsed<'label.create'>, caller: Caller): LabelSet {
    const { clock, data } = this.#with;
    requireName(params.name);
    requireDistinct(params.classes);
    const version = data.version(params.dataset);
    const itemColumn = itemColumnFor(params.kind, params.itemColumn, version);
    if (params.suggestFrom !== undefined) requireColumn(params.suggestFrom, version);
    const at = clock.now();
    this.#write('label.create', params.name, caller, at, () => {
      if (this.#store.set(params.name)) throw new ModelkeepError('MK_NAME_TAKEN', { name: params.name, what: 'label set' });
      const setId = this.#store.insertSet({
        name: params.name,
        dataset: version.dataset,
        dataset_version: version.version,
        dataset_rows: version.rows,
        kind: params.kind,
        item_column: itemColumn,
        suggest_from: params.suggestFrom ?? null,
        guideline: params.guideline,
        created_at: at,
        created_by: caller.actor,
      });
      this.#store.replaceClasses(setId, params.classes);
      return { dataset: `${version.dataset}@${version.version}`, kind: params.kind, classes: params.classes.map((one) => one.name) };
    });
    return this.get(params.name);
  }

  list(): LabelSet[] {
    return this.#store.sets().map((set) => this.#describe(set));
  }

  get(name: string): LabelSet {
    return this.#describe(this.#require(name));
  }

  /** Classes may be added and reordered, their keys changed; a class that rows carry keeps its name (MK_LABEL_CLASS_IN_USE). */
  update(params: Parsed<'label.update'>, caller: Caller): LabelSet {
    const { name, classes, guideline } = params;
    if (classes) requireDistinct(classes);
    this.#write('label.update', name, caller, this.#with.clock.now(), () => {
      const set = this.#require(name);
      const before = this.#store.classes(set.id);
      if (guideline !== undefined) this.#store.updateGuideline(set.id, guideline);
      if (classes) {
        const { perClass } = this.#store.progress(set);
        for (const old of before) {
          const labels = perClass[old.name] ?? 0;
          if (labels > 0 && !classes.some((one) => one.name === old.name))
            throw new ModelkeepError('MK_LABEL_CLASS_IN_USE', { class: old.name, labels, labelSet: name });
        }
        this.#store.replaceClasses(set.id, classes);
      }
      return {
        ...(classes && { classesBefore: before.map((one) => one.name), classes: classes.map((one) => one.name) }),
        ...(guideline !== undefined && { guideline: 'changed' }),
      };
    });
    return this.get(name);
  }

  /** A page of items from row `from` on; `remaining` counts the whole set, not only what follows. */
  async queue(params: Parsed<'label.queue'>): Promise<{ items: LabelItem[]; remaining: number }> {
    const set = this.#require(params.name);
    const { total, labelled, skipped } = this.#store.progress(set);
    const [rows, remaining] =
      params.show === 'open'
        ? [this.#store.openRows(set.id, total, params.from, params.limit), total - labelled - skipped]
        : params.show === 'all'
          ? [range(params.from, Math.min(total, params.from + params.limit)), total]
          : params.show === 'labelled'
            ? [this.#store.decidedRows(set.id, 0, params.from, params.limit), labelled]
            : [this.#store.decidedRows(set.id, 1, params.from, params.limit), skipped];
    return { items: await this.#items(set, rows), remaining };
  }

  /** Errors: MK_NOT_FOUND, MK_LABEL_ROW_OUTSIDE, MK_LABEL_CLASS_UNKNOWN, MK_LABEL_BOTH. The same change again writes nothing. */
  async save(params: Parsed<'label.save'>, caller: Caller): Promise<{ item: LabelItem; progress: LabelSet['progress']; savedAt: number }> {
    const set = this.#require(params.name);
    const { row, label, note } = params;
    const skipped = params.skipped ? 1 : 0;
    if (row >= set.dataset_rows)
      throw new ModelkeepError('MK_LABEL_ROW_OUTSIDE', {
        row,
        dataset: set.dataset,
        version: set.dataset_version,
        rows: set.dataset_rows,
        last: set.dataset_rows - 1,
      });
    if (label !== null && skipped) throw new ModelkeepError('MK_LABEL_BOTH', { row });
    const classes = this.#store.classes(set.id);
    if (label !== null && !classes.some((one) => one.name === label))
      throw new ModelkeepError('MK_LABEL_CLASS_UNKNOWN', {
        class: label,
        labelSet: set.name,
        classes: classes.map((one) => one.name).join(', '),
      });

    const at = this.#with.clock.now();
    let savedAt = at;
    this.#write('label.save', set.name, caller, at, () => {
      const before = this.#store.label(set.id, row);
      const noteBefore = this.#store.note(set.id, row);
      if ((before?.class ?? null) === label && (before?.skipped ?? 0) === skipped && noteBefore === note) {
        savedAt = before?.at ?? at;
        return null;
      }
      const tookMs = params.tookMs ?? null;
      if (label === null && !skipped) this.#store.removeLabel(set.id, row);
      else this.#store.putLabel(set.id, { row, class: label, skipped, author: caller.actor, at }, tookMs);
      this.#store.putNote(set.id, row, note);
      const classBefore = before?.class ?? null;
      const skippedBefore = before?.skipped ?? 0;
      const author = caller.actor;
      this.#store.addHistory(
        set.id,
        { row, classBefore, skippedBefore, classAfter: label, skippedAfter: skipped, note, author, at },
        tookMs,
      );
      return { row, before: decision(classBefore, skippedBefore), after: decision(label, skipped), noteChanged: note !== noteBefore };
    });
    const [item] = await this.#items(set, [row]);
    return { item: item!, progress: this.#store.progress(set), savedAt };
  }

  /** Who changed the label of a row, when, from what to what; oldest first. */
  history(name: string, row: number): HistoryRow[] {
    return this.#store.history(this.#require(name).id, row);
  }

  /** Labels unchanged since the newest version give that version again, not a new one. Errors: MK_LABEL_NOTHING_TO_FREEZE. */
  async freeze(name: string, caller: Caller): Promise<LabelSet> {
    const set = this.#require(name);
    const { bytes, labels } = await this.#encode(set);
    if (labels === 0) throw new ModelkeepError('MK_LABEL_NOTHING_TO_FREEZE', { labelSet: name });
    const blob = await this.#with.blobs.put(bytes);
    const at = this.#with.clock.now();
    this.#write('label.freeze', name, caller, at, () => {
      const newest = this.#store.versions(set.id).at(-1);
      if (newest?.sha256 === blob.sha256) return null;
      const version = (newest?.version ?? 0) + 1;
      this.#store.addVersion(set.id, { version, labels, sha256: blob.sha256, created_at: at, created_by: caller.actor }, blob.sizeBytes);
      return { version, labels, sha256: blob.sha256 };
    });
    return this.get(name);
  }

  /** Writes a frozen version, or the present labels, to `file` in one step (a reader sees the old file or the whole new one). */
  async export(params: Parsed<'label.export'>, caller: Caller): Promise<{ file: string; labels: number }> {
    const set = this.#require(params.name);
    const bytes =
      params.version === undefined
        ? (await this.#encode(set)).bytes
        : await this.#with.blobs.read(this.#requireVersion(set, params.version).sha256);
    const content = decodeFrozen(bytes);
    const file = resolve(params.file);
    await writeExport(file, [params.format === 'csv' ? frozenAsCsv(content) : frozenAsJson(content)]);
    const labels = content.labels.length;
    this.#write('label.export', set.name, caller, this.#with.clock.now(), () => ({
      version: params.version ?? 'present',
      format: params.format,
      file,
      labels,
    }));
    return { file, labels };
  }

  /** Row → class of a frozen version, for training. Errors: MK_NOT_FOUND, MK_BLOB_CORRUPT. */
  async labelsOf(name: string, version: number): Promise<{ dataset: VersionRef; classes: string[]; labels: Map<number, string> }> {
    const set = this.#require(name);
    const content = decodeFrozen(await this.#with.blobs.read(this.#requireVersion(set, version).sha256));
    return {
      dataset: content.dataset,
      classes: content.classes.map((one) => one.name),
      labels: new Map(content.labels.map((one) => [one.row, one.label])),
    };
  }

  /** For the trace line and for Today; one aggregate per set. */
  counts(): { labelSets: number; toLabel: number } {
    const sets = this.#store.sets();
    const open = sets.map((set) => this.#store.progress(set)).reduce((sum, one) => sum + one.total - one.labelled - one.skipped, 0);
    return { labelSets: sets.length, toLabel: open };
  }

  #encode(set: SetRow): Promise<EncodedLabels> {
    return encodeFrozen(set, this.#store.classes(set.id), decidedPages(this.#with.db.name, set.id));
  }

  #require(name: string): SetRow {
    const set = this.#store.set(name);
    if (!set) throw new ModelkeepError('MK_NOT_FOUND', { what: 'label set', name });
    return set;
  }

  #requireVersion(set: SetRow, version: number): { sha256: string } {
    const found = this.#store.versions(set.id).find((one) => one.version === version);
    if (!found) throw new ModelkeepError('MK_NOT_FOUND', { what: 'label version', name: `${set.name}@${version}` });
    return found;
  }

  /** One transaction: the change and its audit entry. `change` returns the entry's details, or null when nothing was to be done. */
  #write(action: string, name: string, caller: Caller, at: number, change: () => Record<string, unknown> | null): void {
    const { db, audit, emit } = this.#with;
    const changed = transaction(db, () => {
      const details = change();
      if (details) audit.append({ caller, action, subject: `label set ${name}`, details });
      return details !== null;
    });
    if (changed) emit('changed', { area: 'label', name, at });
  }

  async #items(set: SetRow, rows: number[]): Promise<LabelItem[]> {
    if (rows.length === 0) return [];
    const classes = this.#store.classes(set.id);
    const cells = await this.#with.data.rowsAt({ name: set.dataset, version: set.dataset_version }, rows);
    return rows.map((row, index) => this.#item(set, classes, row, cells[index]!));
  }

  #item(set: SetRow, classes: LabelClass[], row: number, cells: Record<string, Cell>): LabelItem {
    const label = this.#store.label(set.id, row);
    const suggested = set.suggest_from === null ? null : classNamed(cells[set.suggest_from], classes);
    return {
      row,
      cells,
      label: label?.class ?? null,
      skipped: label?.skipped === 1,
      note: this.#store.note(set.id, row),
      author: label?.author ?? null,
      at: label?.at ?? null,
      suggestion: suggested === null ? null : { label: suggested, probability: null, origin: set.suggest_from! },
    };
  }

  #describe(set: SetRow): LabelSet {
    return {
      name: set.name,
      dataset: { name: set.dataset, version: set.dataset_version },
      kind: set.kind,
      itemColumn: set.item_column,
      classes: this.#store.classes(set.id),
      guideline: set.guideline,
      progress: this.#store.progress(set),
      versions: this.#store.versions(set.id).map((one) => ({
        version: one.version,
        labels: one.labels,
        sha256: one.sha256,
        createdAt: one.created_at,
        createdBy: one.created_by,
      })),
      createdAt: set.created_at,
      createdBy: set.created_by,
    };
  }
}

function decision(label: string | null, skipped: 0 | 1): string | null {
  return skipped ? 'skipped' : label;
}

function range(from: number, to: number): number[] {
  return Array.from({ length: Math.max(0, to - from) }, (_, index) => from + index);
}
