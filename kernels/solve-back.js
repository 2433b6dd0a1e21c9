// One step of the back substitution in all samples. The unknown `pivot`, which is 0 where its pivot is 0, replaces its
// right-hand side, and its multiples are subtracted from the right-hand sides above.
//
//   systems        [batch, order, order + 1], 0 below the diagonal
//   right, output  [batch, order]: right-hand sides in the rows before `pivot`, unknowns in the rows after it

function solveBack(systems, right, order, pivot) {
  const sample = this.thread.y + this.thread.z * this.output.y;
  const i = this.thread.x;
  const width = order + 1;
  const first = sample * order;
  const value = right[first + i];
  if (i > pivot) {
    return value;
  }
  const unknown = quotientOrZero(right[first + pivot], systems[(first + pivot) * width + pivot]);
  if (i === pivot) {
    return unknown;
  }
  return value - systems[(first + i) * width + pivot] * unknown;
}
