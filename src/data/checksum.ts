/**
 * CRC-32 as in ISO 3309, gzip and PNG: polynomial 0xEDB88320, bits reflected. It detects every burst of up to 32 bits.
 */
const TABLE = Uint32Array.from({ length: 256 }, (_, byte) => {
  let word = byte;
  for (let bit = 0; bit < 8; bit++) word = word & 1 ? (word >>> 1) ^ 0xedb88320 : word >>> 1;
  return word;
});

/** @param before the checksum of the preceding bytes */
export function checksum(bytes: Uint8Array, before = 0): number {
  let word = ~before;
  for (let index = 0; index < bytes.length; index++) word = TABLE[(word ^ bytes[index]) & 255] ^ (word >>> 8);
  return ~word >>> 0;
}
