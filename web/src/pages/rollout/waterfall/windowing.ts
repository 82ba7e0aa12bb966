/** Which rows of a long list are in the document. */

export interface RowWindow {
  /** The first row drawn. */
  readonly first: number;
  /** The row behind the last one drawn. */
  readonly end: number;
}

/** Pixels. */
export const ROW_HEIGHT = 26;

/** Rows drawn above and below what can be seen. */
export const OVERSCAN = 8;

export function rowWindow(
  scrollTop: number,
  height: number,
  count: number,
  rowHeight = ROW_HEIGHT,
): RowWindow {
  const first = Math.max(0, Math.floor(scrollTop / rowHeight) - OVERSCAN);
  const end = Math.min(count, Math.ceil((scrollTop + height) / rowHeight) + OVERSCAN);
  return { first: Math.min(first, Math.max(0, count - 1)), end: Math.max(end, 0) };
}

/** Where to scroll so that a row can be seen, moving as little as possible. */
export function scrollToRow(row: number, scrollTop: number, height: number, rowHeight = ROW_HEIGHT): number {
  const top = row * rowHeight;
  if (top < scrollTop) return top;
  if (top + rowHeight > scrollTop + height) return top + rowHeight - height;
  return scrollTop;
}

/** The same, with the row in the middle if it could not be seen before. */
export function centerRow(row: number, scrollTop: number, height: number, rowHeight = ROW_HEIGHT): number {
  const top = row * rowHeight;
  const seen = top >= scrollTop && top + rowHeight <= scrollTop + height;
  return seen ? scrollTop : Math.max(0, top - (height - rowHeight) / 2);
}
