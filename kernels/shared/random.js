// 24 bits of a hash: the finaliser of MurmurHash3, once for the index and the first half of the seed, once for the other.
function randomBits(index, seed, otherSeed) {
  const word = mixed(product32(index + 1, 0x9e37, 0x79b9) + nearestInteger(seed));
  return (mixed(word ^ product32(nearestInteger(otherSeed), 0x85eb, 0xca6b)) >>> 8) & 0xffffff;
}

function mixed(value) {
  const first = product32(value ^ (value >>> 16), 0x85eb, 0xca6b);
  const second = product32(first ^ (first >>> 13), 0xc2b2, 0xae35);
  return second ^ (second >>> 16);
}

// The low 32 bits of a product with a number given in two halves.
function product32(x, high, low) {
  const upper = ((x >>> 16) * low + (x & 0xffff) * high) & 0xffff;
  return (x & 0xffff) * low + (upper << 16);
}
