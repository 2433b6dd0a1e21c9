// Functions of numbers. A compiler for WebGL2 may assume that NaN and infinities do not occur, so WebGL2 uses bits.glsl
// for some.

// 1 for a finite number; 0 for NaN and ±Inf.
function isFinite32(x) {
  if (Math.abs(x) <= 3.4028234663852886e38) {
    return 1;
  }
  return 0;
}

// 1 for NaN, otherwise 0.
function isNaN32(x) {
  if (x > 0 || x <= 0) {
    return 0;
  }
  return 1;
}

// NaN, computed from an argument so that no compiler evaluates it in advance.
function notANumber(x) {
  return Math.sqrt(-1 - Math.abs(x));
}

// The value, or NaN where x is NaN.
function unlessNaN(x, value) {
  if (isNaN32(x) === 1) {
    return x;
  }
  return value;
}

function larger(x, y) {
  return unlessNaN(x, unlessNaN(y, Math.max(x, y)));
}

function smaller(x, y) {
  return unlessNaN(x, unlessNaN(y, Math.min(x, y)));
}

function squareRoot(x) {
  return Math.sqrt(x);
}

function logarithm(x) {
  return Math.log(x);
}

function quotientOrZero(x, y) {
  if (y === 0) {
    return 0;
  }
  return x / y;
}

// The scalar operation `ratio`: x / y, or 0 where y is 0.
function ratioOf(x, y) {
  if (isFinite32(y) === 0) {
    return notANumber(y);
  }
  return unlessNaN(x, quotientOrZero(x, y));
}

function square(x) {
  return x * x;
}

// The power of two by which to multiply the numbers whose squares have this sum, so that no square overflows or
// underflows; 1 where the sum is right.
function scaleFor(squares) {
  if (squares > 1.329227995784916e36) {
    return 7.888609052210118e-31;
  }
  if (squares < 8.271806125530277e-25) {
    return 1.2676506002282294e30;
  }
  return 1;
}

function standardised(x, mean, correction, scale) {
  return (x - mean - correction) * scale;
}
