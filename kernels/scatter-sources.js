// The inverse of an index: for each t of the output [extent] the j with index[j] = t, or −1. The indices differ.

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
