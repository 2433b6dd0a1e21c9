// Integers. Arguments and results are integers, but that of nearestInteger.

// ⌊i / n⌋ for i ≥ 0. The quotient of floating-point numbers may be off by one, and is put right.
function quotient(i, n) {
  let q = wholePart(i / n);
  if (q * n > i) {
    q -= 1;
  }
  if ((q + 1) * n <= i) {
    q += 1;
  }
  return q;
}

function wholePart(x) {
  return Math.floor(x);
}

// Of a number that holds an integer.
function nearestInteger(x) {
  return Math.floor(x + 0.5);
}
