// The functions to which `single` and `join` of reduce.js are bound.

function entryOf(x, y) {
  return x;
}

function sizeOf(x, y) {
  return Math.abs(x);
}

function productOf(x, y) {
  return x * y;
}

function isZero(x, y) {
  if (x === 0) {
    return 1;
  }
  return 0;
}

function isNotFinite(x, y) {
  return 1 - isFinite32(x);
}

function sumOf(p, q) {
  return p + q;
}

function largerOf(p, q) {
  return larger(p, q);
}
