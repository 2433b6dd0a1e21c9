// 24 bits of a hash: the finaliser of MurmurHash3, once for the index and the first half of the seed, once for the other.
// Without variables: gpu.js keeps those as floating-point numbers, of 24 bits.
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

// The low 32 bits of a product with a number given in two halves.
function product32(x, high, low) {
  return (x & 0xffff) * low + ((((x >>> 16) * low + (x & 0xffff) * high) & 0xffff) << 16);
}
