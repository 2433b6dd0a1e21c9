// 24 bits of a hash: the finaliser of MurmurHash3 is applied to the index with the first half of the seed, and to the
// result with the second half. There are no variables here, since gpu.js stores them as floating-point numbers, which
// have only 24 bits.
function randomBits(index, seed, otherSeed) {
  return (
    (mixed(
      mixed(product32(index + 1, 0x9e37, 0x79b9) + nearestInteger(seed)) ^
        product32(nearestInteger(otherSeed), 0x85eb, 0xca6b),
    ) >>>
      8) &
    0xffffff
  );
}

function mixed(value) {
  return shifted16(product32(shifted13(product32(shifted16(value), 0x85eb, 0xca6b)), 0xc2b2, 0xae35));
}

function shifted16(value) {
  return value ^ (value >>> 16);
}

function shifted13(value) {
  return value ^ (value >>> 13);
}

// The low 32 bits of the product of x and a number that is given as two halves of 16 bits.
function product32(x, high, low) {
  return (x & 0xffff) * low + ((((x >>> 16) * low + (x & 0xffff) * high) & 0xffff) << 16);
}
