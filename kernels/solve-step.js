// One step of the elimination with partial pivoting in all samples. Row `pivot` changes places with the row at or below
// it whose entry in column `pivot` is largest, and that column becomes 0 below row `pivot`. Nothing happens where the
// largest entry is 0.
//
//   systems, output  [batch, order, order + 1]

function solveStep(systems, order, pivot) {
  const row = this.thread.y + this.thread.z * this.output.y;
  const column = this.thread.x;
  const width = order + 1;
  const sample = quotient(row, order);
  const first = sample * order;
  const i = row - first;
  if (i < pivot) {
    return systems[row * width + column];
  }

  let place = pivot;
  let size = Math.abs(systems[(first + pivot) * width + pivot]);
  for (let candidate = pivot + 1; candidate < order; candidate++) {
    const other = Math.abs(systems[(first + candidate) * width + pivot]);
    // A NaN always becomes the pivot, since it could vanish from the result otherwise.
    if (other > size || isNaN32(other) === 1) {
      size = other;
      place = candidate;
    }
  }
  // The row that is row i after the exchange.
  let source = i;
  if (i === pivot) {
    source = place;
  } else if (i === place) {
    source = pivot;
  }
  const value = systems[(first + source) * width + column];
  const diagonal = systems[(first + place) * width + pivot];
  if (i === pivot || diagonal === 0) {
    return value;
  }
  const factor = systems[(first + source) * width + pivot] / diagonal;
  return value - factor * systems[(first + place) * width + column];
}
