/** One sorted row, with the elements of the derivative of sorting. */

/** A row in descending order. */
export interface Sorting {
  readonly sorted: Float64Array;
  /** The place in the row of each number of it; those that tie keep their order. */
  readonly places: Int32Array;
  /** The same with those that tie in the reverse order. */
  readonly reversed: Int32Array;
}

/** @param tolerance the difference within which neighbours tie */
export function sortRow(row: Float64Array, tolerance: number): Sorting {
  const places = Int32Array.from(row.keys()).sort((a, b) => row[b] - row[a] || a - b);
  const reversed = places.slice();
  for (let start = 0; start < row.length; ) {
    let end = start + 1;
    while (end < row.length && row[places[end - 1]] - row[places[end]] <= tolerance) end += 1;
    reversed.subarray(start, end).reverse();
    start = end;
  }
  return { sorted: Float64Array.from(places, (place) => row[place]), places, reversed };
}

/** M·h or Mᵀ·h, where M sorts, and at ties is q·I + (1 − q)·(the reverse). */
export function applySorting(
  { places, reversed }: Sorting,
  h: Float64Array,
  q: number,
  direction: 'direct' | 'transposed',
): Float64Array {
  const result = new Float64Array(h.length);
  for (let at = 0; at < h.length; at++) {
    if (direction === 'direct') {
      result[at] = q * h[places[at]] + (1 - q) * h[reversed[at]];
    } else {
      result[places[at]] += q * h[at];
      result[reversed[at]] += (1 - q) * h[at];
    }
  }
  return result;
}
