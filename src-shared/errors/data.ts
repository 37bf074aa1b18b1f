import type { ErrorArea } from './area.ts';

// `row` counts from 1 and includes the header, as a spreadsheet shows it; for JSON lines it is the line.
export const dataErrors = {
  MK_DATA_FILE_NOT_FOUND: {
    http: 404,
    message: { en: 'There is no file or folder {file}.', zh: '找不到文件或文件夹 {file}。' },
    hint: { en: 'Check the path; choose the file again.', zh: '检查路径，或重新选择文件。' },
  },
  MK_DATA_FILE_UNREADABLE: {
    http: 422,
    message: { en: '{file} cannot be read: {reason}', zh: '无法读取 {file}：{reason}' },
    hint: { en: 'Check the rights of the file and that no other program holds it.', zh: '检查文件权限，并确认没有被其他程序占用。' },
  },
  MK_DATA_FILE_EMPTY: {
    http: 422,
    message: { en: '{file} is empty.', zh: '{file} 是空文件。' },
    hint: { en: 'Export it again from its source; nothing was imported.', zh: '请从来源重新导出；没有导入任何内容。' },
  },
  MK_DATA_NO_ROWS: {
    http: 422,
    message: { en: '{file} has a header but no rows.', zh: '{file} 只有表头，没有数据行。' },
    hint: {
      en: 'Export it again with data. If the first line is data, import with “no header”.',
      zh: '请导出包含数据的文件。如果第一行就是数据，请选择「无表头」导入。',
    },
  },
  MK_DATA_NO_FILES: {
    http: 422,
    message: { en: '{folder} holds no images or text files.', zh: '{folder} 中没有图像或文本文件。' },
    hint: {
      en: 'Choose a folder with PNG, JPEG, WebP, GIF or .txt files; subfolders name the classes.',
      zh: '请选择包含 PNG、JPEG、WebP、GIF 或 .txt 文件的文件夹；子文件夹名即类别。',
    },
  },
  MK_DATA_KIND_MISMATCH: {
    http: 415,
    message: { en: '{file} is named like {expected}, but its content is {found}.', zh: '{file} 的名称像 {expected}，但内容是 {found}。' },
    hint: {
      en: 'Unpack or rename it, or export the data again as CSV, Parquet, JSON or Excel (.xlsx).',
      zh: '请解压或改名，或重新导出为 CSV、Parquet、JSON 或 Excel（.xlsx）。',
    },
  },
  MK_DATA_UNSUPPORTED: {
    http: 415,
    message: { en: '{file} is {found}, which cannot be imported.', zh: '{file} 是 {found}，无法导入。' },
    hint: {
      en: 'Use CSV, Parquet, JSON, JSON lines, Excel (.xlsx), or a folder of images or texts.',
      zh: '请使用 CSV、Parquet、JSON、JSON Lines、Excel（.xlsx），或图像、文本文件夹。',
    },
  },
  MK_DATA_FILES_DIFFER: {
    http: 422,
    message: {
      en: '{file} does not fit the first file: {found} instead of {expected}.',
      zh: '{file} 与第一个文件不一致：是 {found}，应为 {expected}。',
    },
    hint: { en: 'Files imported together need the same format and columns.', zh: '一起导入的文件须格式和列都相同。' },
  },
  MK_DATA_BROKEN_ROW: {
    http: 422,
    message: {
      en: '{file}, row {row}: {found} fields instead of {expected} (“{text}”).',
      zh: '{file} 第 {row} 行：有 {found} 个字段，应为 {expected} 个（「{text}」）。',
    },
    hint: {
      en: 'Correct the row, choose another delimiter or quote, or import with broken rows set aside.',
      zh: '改正该行，或更换分隔符、引号，或选择「搁置损坏的行」导入。',
    },
  },
  MK_DATA_UNCLOSED_QUOTE: {
    http: 422,
    message: {
      en: '{file}, row {row}: a quoted field is not closed (“{text}”).',
      zh: '{file} 第 {row} 行：引号没有闭合（「{text}」）。',
    },
    hint: {
      en: 'Close the quote, double quotes inside a field, or import with another quote or none.',
      zh: '补上引号，或将字段内的引号写成两个，或更换引号字符（也可选「无」）导入。',
    },
  },
  MK_DATA_MIXED_TYPES: {
    http: 422,
    message: {
      en: '{file}, row {row}, column “{field}”: “{found}” is not {expected}, like {count} of {total} values.',
      zh: '{file} 第 {row} 行，列「{field}」：「{found}」不是{expected}（{total} 个值中有 {count} 个如此）。',
    },
    hint: {
      en: 'Correct the value, name it as a missing token, set broken rows aside, or import the column as category or text.',
      zh: '改正该值，或把它列为缺失标记，或搁置损坏的行，或将该列作为类别或文本导入。',
    },
  },
  MK_DATA_VALUE_TYPE: {
    http: 422,
    message: {
      en: '{file}, row {row}, column “{field}”: “{found}” does not fit the chosen type {expected}.',
      zh: '{file} 第 {row} 行，列「{field}」：「{found}」不符合所选类型 {expected}。',
    },
    hint: {
      en: 'Correct the value, choose another type, or import with broken rows set aside.',
      zh: '改正该值，或选择其他类型，或选择「搁置损坏的行」导入。',
    },
  },
  MK_DATA_ALL_ROWS_BROKEN: {
    http: 422,
    message: {
      en: '{file}: {count} or more rows are broken, {kept} are not; the first broken one is row {row} (“{text}”).',
      zh: '{file}：至少有 {count} 行损坏，完好的有 {kept} 行；首先损坏的是第 {row} 行（「{text}」）。',
    },
    hint: { en: 'Check delimiter, quote and encoding in the preview.', zh: '请在预览中检查分隔符、引号和编码。' },
  },
  MK_DATA_DUPLICATE_COLUMNS: {
    http: 422,
    message: {
      en: '{file}: the column name “{field}” is used {count} times.',
      zh: '{file}：列名「{field}」出现了 {count} 次。',
    },
    hint: {
      en: 'Rename the columns in the file, or import with duplicates renamed; they would become {proposed}.',
      zh: '请在文件中改名，或选择「重命名重复列」导入；它们将变为 {proposed}。',
    },
  },
  MK_DATA_TOO_MANY_COLUMNS: {
    http: 413,
    message: { en: '{file} has {found} columns; the limit is {limit}.', zh: '{file} 有 {found} 列，上限为 {limit} 列。' },
    hint: {
      en: 'Export fewer columns, or turn measurements into rows (one row per item and measurement).',
      zh: '请减少导出的列，或将测量值转为行（每个对象、每项测量一行）。',
    },
  },
  MK_DATA_TOO_LONG: {
    http: 413,
    message: {
      en: '{file}, row {row}: longer than the limit of {limit}.',
      zh: '{file} 第 {row} 行：超过了 {limit} 的长度上限。',
    },
    hint: {
      en: 'Check the quotes and line ends around this row: usually a quote is not closed.',
      zh: '请检查该行附近的引号和换行：通常是引号没有闭合。',
    },
  },
  MK_DATA_NUL_BYTES: {
    http: 422,
    message: {
      en: '{file}, row {row}: contains NUL bytes, so it is not plain text.',
      zh: '{file} 第 {row} 行：含有 NUL 字节，不是纯文本。',
    },
    hint: {
      en: 'Export it again as text; if it is UTF-16, choose that encoding.',
      zh: '请重新导出为文本；如果是 UTF-16，请选择该编码。',
    },
  },
  MK_DATA_ENCODING: {
    http: 422,
    message: { en: '{file}, row {row}: not valid {encoding}.', zh: '{file} 第 {row} 行：不是有效的 {encoding}。' },
    hint: {
      en: 'Choose the encoding in the preview (for Chinese data from Excel usually GB18030), or save the file as UTF-8.',
      zh: '请在预览中选择编码（Excel 导出的中文数据通常是 GB18030），或将文件另存为 UTF-8。',
    },
  },
  MK_DATA_PARQUET_BROKEN: {
    http: 422,
    message: { en: '{file} is a damaged Parquet file: {reason}', zh: '{file} 是损坏的 Parquet 文件：{reason}' },
    hint: { en: 'Copy or write it again; nothing was imported.', zh: '请重新复制或生成；没有导入任何内容。' },
  },
  MK_DATA_JSON_BROKEN: {
    http: 422,
    message: { en: '{file}, row {row}: not valid JSON: {reason}', zh: '{file} 第 {row} 行：JSON 无效：{reason}' },
    hint: {
      en: 'Give one array of objects, or one object per line.',
      zh: '应为一个对象数组，或每行一个对象。',
    },
  },
  MK_DATA_EXCEL_BROKEN: {
    http: 422,
    message: { en: '{file} cannot be read as a workbook: {reason}', zh: '{file} 无法作为工作簿读取：{reason}' },
    hint: {
      en: 'Open it in Excel and save it again as .xlsx without a password.',
      zh: '请在 Excel 中打开并另存为不带密码的 .xlsx。',
    },
  },
  MK_DATA_EXCEL_SHEET: {
    http: 422,
    message: { en: '{file} has no sheet “{sheet}”; it has {sheets}.', zh: '{file} 中没有工作表「{sheet}」；现有：{sheets}。' },
    hint: { en: 'Choose one of the sheets.', zh: '请选择其中一个工作表。' },
  },
  MK_DATA_IMAGES_BROKEN: {
    http: 422,
    message: {
      en: '{count} of {total} images cannot be read; the first is {file}: {reason}',
      zh: '{total} 张图像中有 {count} 张无法读取，首先是 {file}：{reason}',
    },
    hint: {
      en: 'Replace or remove these images, or import with broken rows set aside.',
      zh: '请替换或移除这些图像，或选择「搁置损坏的行」导入。',
    },
  },
  MK_DATA_IMAGE_TOO_LARGE: {
    http: 413,
    message: { en: '{file}: {found}; the limit is {limit}.', zh: '{file}：{found}，上限为 {limit}。' },
    hint: { en: 'Make the image smaller and import again.', zh: '请缩小图像后重新导入。' },
  },
  MK_DATA_OUT_OF_MEMORY: {
    http: 413,
    message: { en: '{subject} needs more memory than the limit of {limit}.', zh: '{subject} 需要的内存超过了 {limit} 的上限。' },
    hint: { en: 'Use fewer columns or rows, or raise the limit in Settings.', zh: '请减少列或行，或在设置中提高上限。' },
  },
  MK_DATA_COLUMN_UNKNOWN: {
    http: 404,
    message: { en: 'There is no column “{field}” in {subject}.', zh: '{subject} 中没有列「{field}」。' },
    hint: { en: 'Check the name: upper and lower case matter.', zh: '检查列名：区分大小写。' },
  },
  MK_DATA_RETYPE: {
    http: 422,
    message: {
      en: 'Row {row}, column “{field}”: “{found}” cannot be read as {expected}; {count} values cannot.',
      zh: '第 {row} 行，列「{field}」：「{found}」不能作为{expected}读取；共有 {count} 个值不能。',
    },
    hint: { en: 'Choose another type, or correct the values and import again.', zh: '请选择其他类型，或改正数值后重新导入。' },
  },
  MK_DATA_NO_SUCH_ROW: {
    http: 404,
    message: { en: 'Row {row} is not in {subject}, which has {total} rows.', zh: '{subject} 共 {total} 行，没有第 {row} 行。' },
    hint: { en: 'Choose a row that exists.', zh: '请选择存在的行。' },
  },
  MK_DATA_NOT_AN_IMAGE: {
    http: 422,
    message: { en: 'Column “{field}” holds no images.', zh: '列「{field}」不含图像。' },
    hint: { en: 'Choose the image column.', zh: '请选择图像列。' },
  },
  MK_DATA_QUERY: {
    http: 422,
    message: { en: 'The query failed: {reason}', zh: '查询失败：{reason}' },
    hint: { en: 'Check the column names and the expression.', zh: '请检查列名和表达式。' },
  },
} satisfies ErrorArea;
