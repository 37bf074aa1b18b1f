/**
 * Data: files become dataset versions, and versions answer questions.
 *
 * A version is one Parquet blob with the meaning of its columns and a profile. It never changes; the same content imported twice is the
 * same version. Foreign bytes are parsed in child processes only.
 *
 * Caveats
 * - Row numbers are positions in the version, from 0.
 * - `query` is for the product's own SQL; text of a person never becomes part of it unquoted.
 */
export { DataService, type DataDependencies, type ImportResult } from './dataService.ts';
export type { DataOperations, StoredTable } from './operations.ts';
