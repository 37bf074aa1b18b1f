/** How a feature is put into bins. A slot is a feature that is no constant; slots stand by how many bins they have. */
export interface Slot {
  feature: number;
  kind: 'number' | 'category';
  /** All of them, bin 0 (missing) included. */
  bins: number;
  /** Numbers: bin 1 + k holds what is above cut k − 1 and not above cut k. */
  cuts: Float32Array;
  /** Categories: the code of each bin from `firstCategoryBin` on; rarer ones share bin 1, as unknown ones do. */
  codes: Int32Array;
  /** First cell in a histogram, in bytes. */
  offset: number;
}

/** Bin 0 is missing, bin 1 is any category that has no bin of its own. */
export const firstCategoryBin = 2;

/** Where things stand in the memory of the pool, and how histograms are laid out. */
export interface SlotLayout {
  slots: Slot[];
  /** Slots in the order of their features: of equal splits the first in this order is taken. */
  byFeature: Int32Array;
  rowBytes: number;
  histogramBytes: number;
  /** Groups of 4 slots that have 256 cells each; the others stand in `groups` … `groupsEnd`. */
  wideGroups: number;
  groups: number;
  groupsEnd: number;
  /** 16 bytes a slot for the split search, 24 for binning. */
  slotTable: number;
  binTable: number;
}

/** Rows of a matrix in bins, within the memory of a pool. */
export interface BinnedMatrix {
  rows: number;
  /** Features of the matrix, constants included. */
  width: number;
  categorical: Uint8Array;
  layout: SlotLayout;
  /** Row after row, for histograms. */
  rowBins: number;
  /** Column after column, for partitions; 0 where nothing is to grow (validation). */
  columnBins: number;
  columnBytes: number;
}
