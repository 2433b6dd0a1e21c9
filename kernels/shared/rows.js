// Solves h(w) = αw + (1 − α)(eʷ − 1) = c ≤ 0 for w ≤ 0. For α < 1, h is convex and w ≤ (c + 1 − α)/α; for α > 1, h is
// concave and w ≥ (c + 1 − α)/α. One Newton step from there lands on the side from which all further steps approach w
// monotonically.
function logarithmOfEntry(start, c, alpha) {
  const rest = 1 - alpha;
  const bound = smaller((c + rest) / alpha, 0);
  let w = start;
  for (let trip = 0; trip < 40; trip++) {
    if (alpha < 1) {
      w = smaller(w, bound);
    } else {
      w = smaller(larger(w, bound), 0);
    }
    const e = exponentialMinusOne(w);
    const change = (alpha * w + (rest * e - c)) / (alpha + rest * (1 + e));
    w -= change;
    // Newton's method converges quadratically: the next change would be about the square of this one.
    if (Math.abs(change) <= 1e-5 || isNaN32(change) === 1) {
      break;
    }
  }
  return smaller(w, 0);
}
