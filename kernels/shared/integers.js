// Functions of integers. Arguments and results are integers, except the arguments of wholePart and nearestInteger.

// ⌊i / n⌋ for i ≥ 0. The quotient of floating-point numbers may be off by one, which is corrected.
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

// The integer that a floating-point number holds.
function nearestInteger(x) {
  return Math.floor(x + 0.5);
}
