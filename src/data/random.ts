import { createArgumentError } from '../arguments/check.ts';

/**
 * A seeded generator of random numbers, which are the same in every JavaScript engine and on every backend.
 *
 * The bits come from xoshiro128** (Blackman and Vigna, "Scrambled linear pseudorandom number generators", 2021). A
 * 32-bit mixer fills its state, so that the sequences of neighbouring seeds are unrelated.
 */
export interface Random {
  /** A number in [0, 1), a multiple of 2⁻⁵³. */
  uniform(): number;
  /** A standard normal number (mean 0, variance 1). */
  normal(): number;
  /** An integer from 0 to n − 1, all equally likely. @throws RangeError unless n is an integer from 1 to 2³² */
  integer(n: number): number;
  /** The integers from 0 to n − 1 in random order. @throws RangeError unless n is an integer from 0 to 2³¹ − 1 */
  permutation(n: number): Int32Array;
  /**
   * Returns an independent generator. With a label it depends only on the seed and the label, not on earlier draws, so
   * that adding a consumer changes the numbers of no other. The same label yields the same numbers again. Without a
   * label it costs two draws.
   */
  fork(label?: string): Random;
}

/**
 * Creates a generator of random numbers.
 *
 * @param seed an integer from 0 to 2⁵³ − 1.
 * @throws RangeError when the seed is not such an integer.
 */
export function random(seed: number): Random {
  if (!Number.isSafeInteger(seed) || seed < 0) {
    throw createArgumentError('seed', seed, `an integer from 0 to ${Number.MAX_SAFE_INTEGER}`);
  }
  return generator(seed >>> 0, Math.floor(seed / 2 ** 32));
}

function generator(low: number, high: number): Random {
  const bits = xoshiro128(low, high);
  let spare: number | undefined;

  const uniform = () => ((bits() >>> 5) * 2 ** 26 + (bits() >>> 6)) / 2 ** 53;

  /**
   * Marsaglia's polar method. It needs a square root, which IEEE 754 defines to the last bit, and a logarithm, which no
   * standard defines exactly; hence `naturalLogarithm` below.
   */
  function normal(): number {
    if (spare !== undefined) {
      const kept = spare;
      spare = undefined;
      return kept;
    }
    for (;;) {
      const x = 2 * uniform() - 1;
      const y = 2 * uniform() - 1;
      const square = x * x + y * y;
      if (square > 0 && square < 1) {
        const scale = Math.sqrt((-2 * naturalLogarithm(square)) / square);
        spare = y * scale;
        return x * scale;
      }
    }
  }

  function integer(n: number): number {
    if (!Number.isInteger(n) || n < 1 || n > 2 ** 32) {
      throw createArgumentError('n', n, `an integer from 1 to ${2 ** 32}`);
    }
    // Draws from the incomplete last block of n values are rejected, because they would favour small results.
    const limit = 2 ** 32 - (2 ** 32 % n);
    for (;;) {
      const draw = bits();
      if (draw < limit) return draw % n;
    }
  }

  function permutation(n: number): Int32Array {
    if (!Number.isInteger(n) || n < 0 || n >= 2 ** 31) {
      throw createArgumentError('n', n, `an integer from 0 to ${2 ** 31 - 1}`);
    }
    const order = new Int32Array(n);
    for (let i = 0; i < n; i++) {
      const j = integer(i + 1);
      order[i] = order[j];
      order[j] = i;
    }
    return order;
  }

  function fork(label?: string): Random {
    return label === undefined ? generator(bits(), bits()) : generator(low ^ hash(label, 1), high ^ hash(label, 2));
  }

  return { uniform, normal, integer, permutation, fork };
}

/** xoshiro128**: each call returns 32 bits as an integer from 0 to 2³² − 1. */
function xoshiro128(low: number, high: number): () => number {
  // `mix` is a bijection of 32 bits, so the four words differ and the state is never all zero.
  const state = new Uint32Array(4);
  for (let word = 0; word < 4; word++) {
    state[word] = mix(mix(low + (word + 1) * 0x9e3779b9) ^ high);
  }
  return () => {
    const result = Math.imul(rotate(Math.imul(state[1], 5), 7), 9) >>> 0;
    const shifted = state[1] << 9;
    state[2] ^= state[0];
    state[3] ^= state[1];
    state[1] ^= state[2];
    state[0] ^= state[3];
    state[2] ^= shifted;
    state[3] = rotate(state[3], 11);
    return result;
  };
}

function rotate(word: number, by: number): number {
  return (word << by) | (word >>> (32 - by));
}

/** The finaliser of MurmurHash3, in which every input bit affects every output bit. */
function mix(value: number): number {
  let word = value | 0;
  word = Math.imul(word ^ (word >>> 16), 0x85ebca6b);
  word = Math.imul(word ^ (word >>> 13), 0xc2b2ae35);
  return word ^ (word >>> 16);
}

/** FNV-1a over the UTF-16 code units of the label, mixed with `salt`. */
function hash(label: string, salt: number): number {
  let word = 0x811c9dc5;
  for (let i = 0; i < label.length; i++) word = Math.imul(word ^ label.charCodeAt(i), 0x01000193);
  return mix(word ^ mix(salt));
}

/**
 * ln x for x in (0, 1), computed with + − × / only, so that every engine returns the same bits; `Math.log` may differ
 * in the last one. With x = m·2⁻ᵏ and m in [√½, √2), ln m = 2·artanh t for t = (m − 1)/(m + 1). Since |t| ≤ 0.172,
 * eleven terms of the series are exact to float64.
 */
function naturalLogarithm(x: number): number {
  let mantissa = x;
  let halvings = 0;
  while (mantissa < Math.SQRT1_2) {
    mantissa *= 2;
    halvings++;
  }
  const t = (mantissa - 1) / (mantissa + 1);
  const square = t * t;
  let series = 0;
  for (let power = 21; power >= 1; power -= 2) series = series * square + 1 / power;
  return 2 * t * series - halvings * Math.LN2;
}
