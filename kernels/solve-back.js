// One step of the back substitution, in all samples: the unknown `pivot`, 0 where its pivot is 0, takes the place of its right
// side, and its part leaves the right sides above.
//
//   systems        [batch, order, order + 1], 0 below the diagonal
//   right, output  [batch, order]: right sides before row `pivot`, unknowns after it

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
