// ag-grid in our look. Every parameter reads a role, so theme and density follow without a new grid.
import { themeQuartz } from 'ag-grid-community';

export const gridTheme = themeQuartz.withParams({
  accentColor: 'var(--accent)',
  backgroundColor: 'var(--surface)',
  foregroundColor: 'var(--text)',
  textColor: 'var(--text)',
  fontFamily: 'var(--font-ui)',
  fontSize: 'var(--fs-30)',
  headerFontSize: 'var(--fs-20)',
  headerFontWeight: 'var(--fw-med)',
  headerTextColor: 'var(--text-3)',
  headerBackgroundColor: 'var(--sunken)',
  headerHeight: 28,
  rowHeight: 'var(--row-h)',
  cellHorizontalPadding: 'var(--cell-x)',
  borderColor: 'var(--line)',
  rowBorder: { color: 'var(--line)' },
  columnBorder: false,
  wrapperBorder: false,
  wrapperBorderRadius: 0,
  headerColumnBorder: false,
  headerColumnResizeHandleColor: 'var(--line-2)',
  headerColumnResizeHandleHeight: '14px',
  rowHoverColor: 'var(--hover)',
  selectedRowBackgroundColor: 'var(--selected)',
  oddRowBackgroundColor: 'var(--surface)',
  pinnedColumnBorder: { color: 'var(--line)' },
  iconSize: 12,
  spacing: 6,
  focusShadow: 'none',
  rowLoadingSkeletonEffectColor: 'var(--line)',
});

/** Row heights are needed as numbers, too: the grid computes which rows are in sight. */
export const rowHeights = { compact: 26, regular: 32, roomy: 40 };
