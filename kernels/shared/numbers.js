// Numbers. A compiler of WebGL2 may assume that NaN and infinities do not occur: bits.glsl has these functions for it.

// 1, or 0 for NaN and ±Inf.
function isFinite32(x) {
  if (Math.abs(x) <= 3.4028234663852886e38) {
    return 1;
  }
  return 0;
}

// 1 for NaN, else 0.
function isNaN32(x) {
  if (x > 0 || x <= 0) {
    return 0;
  }
  return 1;
}

// NaN.
function notANumber(x) {
  return Math.sqrt(-1 - Math.abs(x));
}

// The value, but NaN where x is.
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

// The scalar operation `ratio`.
function ratioOf(x, y) {
  if (isFinite32(y) === 0) {
    return notANumber(y);
  }
  return unlessNaN(x, quotientOrZero(x, y));
}

function square(x) {
  return x * x;
}

// What numbers have to be multiplied by so that their squares neither overflow nor underflow, a power of two, from the sum of the
// squares as they are; 1 where that is right.
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
