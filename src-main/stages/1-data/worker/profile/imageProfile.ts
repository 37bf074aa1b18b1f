import type { Column, ColumnProfile } from '../../../../../src-shared/domain/table.ts';
import type { Engine, Watch } from '../engine.ts';
import { parquet, quoteName } from '../sql.ts';
import type { Finding } from './findings.ts';

/** Sizes and formats of an image column. They stand beside the bytes in `width`, `height` and `format`, as the import writes them;
 *  images of another Parquet file have no such columns and only their bytes are measured. */
export async function imageProfile(
  engine: Engine,
  file: string,
  name: string,
  columns: readonly Column[],
  rows: number,
  watch: Watch,
): Promise<{ profile: ColumnProfile['image']; findings: Finding[] }> {
  if (!['width', 'height', 'format'].every((beside) => columns.some((column) => column.name === beside)))
    return { profile: null, findings: [] };
  const from = parquet(file);
  const sizes = await engine.one<Record<string, number>>(
    `SELECT coalesce(min(width), 0) AS "widthMin", coalesce(max(width), 0) AS "widthMax", coalesce(min(height), 0) AS "heightMin",
       coalesce(max(height), 0) AS "heightMax", coalesce(median(octet_length(${quoteName(name)})), 0) AS "bytesMedian",
       count(*) FILTER (width IS NULL) AS unreadable, count(DISTINCT (width, height)) AS sizes FROM ${from}`,
    watch,
  );
  const formats = await engine.all<{ value: string; count: number }>(
    `SELECT format AS value, count(*) AS count FROM ${from} WHERE format IS NOT NULL GROUP BY format ORDER BY count DESC, value LIMIT 20`,
    watch,
  );
  const findings: Finding[] = [];
  if (sizes.unreadable! > 0)
    findings.push({ code: 'truncatedImages', severity: 'watch', params: { column: name, count: sizes.unreadable! } });
  if (sizes.sizes! > 1)
    findings.push({ code: 'mixedImageSizes', severity: 'note', params: { column: name, sizes: sizes.sizes!, share: sizes.sizes! / rows } });
  const { widthMin, widthMax, heightMin, heightMax, bytesMedian, unreadable } = sizes as Record<string, number> & typeof sizes;
  return {
    profile: {
      widthMin: widthMin!,
      widthMax: widthMax!,
      heightMin: heightMin!,
      heightMax: heightMax!,
      bytesMedian: bytesMedian!,
      unreadable: unreadable!,
      formats,
    },
    findings,
  };
}
