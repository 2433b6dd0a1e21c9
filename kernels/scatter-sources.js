// Inverts an index: number t of the output [extent] is the j with index[j] = t, or −1 where there is none. No two
// indices are equal.

function scatterSources(index, others) {
  const t = this.thread.x;
  let source = -1;
  for (let j = 0; j < others; j++) {
    if (nearestInteger(index[j]) === t) {
      source = j;
    }
  }
  return source;
}
