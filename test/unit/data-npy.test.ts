/** .npy and .npz against what NumPy wrote: test/fixtures/arrays/arrays.py. */
import { readFileSync } from 'node:fs';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import {
  DataError,
  type FileArray,
  numbersOf,
  parseNPY,
  readNPY,
  readNPZ,
  writeNPY,
  writeNPZ,
} from '../../src/data/index.ts';
import { gzipped } from '../support/files.ts';

const load = (name: string): Buffer => readFileSync(new URL(`../fixtures/arrays/${name}`, import.meta.url));

/** What NumPy says that the arrays hold: bytes as hexadecimal digits, little-endian and in C order, or texts. */
const held = JSON.parse(load('arrays.json').toString()) as Record<
  string,
  { shape: readonly number[]; values: string | readonly string[] }
>;
const archive = await readNPZ(load('arrays.npz'));

const bytesOf = (array: FileArray): string => Buffer.from(writeNPY(array)).subarray(128).toString('hex');

describe('what NumPy wrote', () => {
  test('every type, order of bytes, order of axes and version is restored bit for bit', () => {
    expect(archive.size).toBe(Object.keys(held).length + 6);
    for (const [name, array] of archive) {
      const { shape, values } = held[name.replace(/ v\d$/, '')];
      expect([name, array.shape]).toEqual([name, shape]);
      if (array.type === 'text') expect([name, array.values]).toEqual([name, values]);
      else expect([name, bytesOf(array)]).toEqual([name, values]);
    }
  });

  test('an array in C order and little-endian is written as NumPy writes it, byte for byte', () => {
    // The same header as numpy.save, taken apart: 118 characters after the ten bytes in front.
    const expected = `\x93NUMPY\x01\x00v\x00${"{'descr': '<f4', 'fortran_order': False, 'shape': (2,), }".padEnd(117)}\n`;
    const written = writeNPY({ values: Float32Array.of(1, -2) });
    expect(Buffer.from(written).subarray(0, 128).toString('latin1')).toBe(expected);
    expect([...new Float32Array(written.slice(128).buffer)]).toEqual([1, -2]);
  });
});

describe('round trips', () => {
  test.each([false, true])('all arrays, as .npz, compressed: %s', async (compressed) => {
    const again = await readNPZ(await writeNPZ(archive, { compressed }));
    expect([...again.keys()]).toEqual([...archive.keys()]);
    for (const [name, array] of again) expect(array).toEqual(archive.get(name));
    // The same once more, from a .gz file.
    const bytes = await writeNPZ(again, { compressed });
    expect([...(await readNPZ(gzipped(bytes))).keys()]).toEqual([...archive.keys()]);
  });

  test('every number of 16 bits, NaNs with their payloads included', () => {
    const all = Uint16Array.from({ length: 65536 }, (_, index) => index);
    const file = writeNPY({ values: all });
    const text = Buffer.from(file).toString('latin1');
    const halves = Buffer.from(text.replace("'<u2'", "'<f2'"), 'latin1');
    expect(Buffer.from(writeNPY(parseNPY(halves))).equals(halves)).toBe(true);
  });

  test('float32 is rounded to the nearest float16, and to an even one where two are equally near', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 0, max: 0x7bff }),
        fc.integer({ min: 0, max: 8 }),
        fc.boolean(),
        (bits, eighth, negative) => {
          const read = (...halves: number[]): ArrayLike<number> => {
            const file = writeNPY({ values: Uint16Array.from(halves) });
            return numbersOf(
              parseNPY(Buffer.from(Buffer.from(file).toString('latin1').replace("'<u2'", "'<f2'"), 'latin1')),
            );
          };
          const [low, high] = Array.from(read(bits, bits + 1), (each) =>
            each === Number.POSITIVE_INFINITY ? 65536 : each,
          );
          const between = (negative ? -1 : 1) * (low + ((high - low) * eighth) / 8);
          const nearest = eighth < 4 || (eighth === 4 && bits % 2 === 0) ? bits : bits + 1;
          const written = writeNPY({ values: Float32Array.of(between), type: 'float16' });
          expect(new DataView(written.buffer).getUint16(128, true)).toBe(nearest | (negative ? 0x8000 : 0));
        },
      ),
    );
  });

  test('a tensor is written from its shape and its numbers', async () => {
    const array = parseNPY(writeNPY({ shape: [2, 2], values: Float64Array.of(1, 2, 3, Math.PI) }));
    expect([array.type, array.shape, [...numbersOf(array)]]).toEqual(['float64', [2, 2], [1, 2, 3, Math.PI]]);
    expect((await readNPY(new Blob([writeNPY(array)]))).values).toEqual(array.values);
  });
});

describe('numbersOf', () => {
  test('gives integers of 64 bits as numbers, as long as these hold them', () => {
    expect(numbersOf({ type: 'int64', shape: [2], values: BigInt64Array.of(-3n, 4n) })).toEqual(Float64Array.of(-3, 4));
    const large = { type: 'uint64', shape: [1], values: BigUint64Array.of(2n ** 53n) } as const;
    expect(() => numbersOf(large)).toThrow('9007199254740992');
    expect(() => numbersOf({ type: 'text', shape: [1], values: ['a'] })).toThrow(DataError);
  });
});

describe('files that lie, or are cut short', () => {
  const good = Buffer.from(writeNPY({ shape: [2, 3], values: Float32Array.of(1, 2, 3, 4, 5, 6) }));
  const changed = (from: string, to: string): Buffer =>
    Buffer.from(good.toString('latin1').replace(from, to), 'latin1');
  const cases: Record<string, [Uint8Array, string]> = {
    'no bytes': [Buffer.alloc(0), 'it begins with the bytes (none)'],
    'another format': [Buffer.from('hello world'), 'not .npy: it begins with the bytes 68 65'],
    'a zip': [Buffer.from('PK\x03\x04aaaaaa'), 'it looks like a .npz file'],
    'a header cut short': [good.subarray(0, 40), 'the .npy header takes 128 bytes; the file has 40: it is cut short'],
    'only the magic': [good.subarray(0, 7), 'it is cut short'],
    'elements cut short': [good.subarray(0, 150), '24 bytes after the header; there are 22, 2 are missing'],
    'more elements': [Buffer.concat([good, Buffer.of(1)]), '1 are too many'],
    'a version to come': [changed('\x93NUMPY\x01', '\x93NUMPY\x04'), 'version 4.0'],
    'a shape that is too large': [
      changed('(2, 3)', '(99999999999999999999, 3)'),
      'at most 268435456 are read: raise limits.values',
    ],
    'a shape that is negative': [changed('(2, 3)', '(-2, 3)'), 'the .npy header is broken'],
    'a number for a shape': [changed('(2, 3)', '(6)'), 'the .npy header is broken'],
    'a key twice': [changed("'fortran_order': False", "'descr': '<f8'"), 'the .npy header is broken'],
    'a key too many': [changed('), }', "), 'more': True, }"), 'the .npy header is broken'],
    'code in the header': [changed('(2, 3)', 'f(2, 3)'), 'the .npy header is broken'],
    'Python objects': [changed("'<f4'", "'|O' "), 'Python objects, which only Python can read'],
    'complex numbers': [changed("'<f4'", "'<c8'"), 'complex numbers'],
    records: [changed("'<f4'", "[('a', '<f4')]"), 'records of several fields'],
    dates: [changed("'<f4'", "'<M8[ns]'"), 'dates'],
    'an order of bytes that says nothing': [changed("'<f4'", "'|f4'"), 'elements of the type "|f4"'],
    'a long double': [changed("'<f4'", "'<f16'"), 'elements of the type "<f16"'],
  };
  test.each(Object.entries(cases))('%s', (_, [bytes, message]) => {
    expect(() => parseNPY(bytes)).toThrow(DataError);
    expect(() => parseNPY(bytes)).toThrow(message);
  });

  test('limits hold before anything is read', () => {
    expect(() => parseNPY(good, { limits: { values: 5 } })).toThrow('at most 5 are read');
  });

  test('a bool that is neither 0 nor 1, and a character that Unicode does not have', () => {
    const bools = writeNPY({ values: Uint8Array.of(0, 1), type: 'bool' });
    bools[129] = 2;
    expect(() => parseNPY(bools)).toThrow('element 1 of the bools is the byte 2; it must be 0 or 1');
    const texts = writeNPY({ values: ['ab'] });
    texts[131] = 1;
    expect(() => parseNPY(texts)).toThrow('text 0 holds the character 16777313');
  });

  test('any bytes give an array or a DataError', () => {
    fc.assert(
      fc.property(fc.nat(good.length - 1), fc.nat(255), fc.nat(good.length), (at, byte, length) => {
        const broken = Uint8Array.from(good.subarray(0, length));
        if (at < length) broken[at] = byte;
        try {
          parseNPY(broken);
        } catch (error) {
          expect(error).toBeInstanceOf(DataError);
        }
      }),
      { numRuns: 500 },
    );
  });
});

describe('arrays that cannot be written', () => {
  test.each([
    [{ shape: [3], values: Float32Array.of(1, 2) }, 'the shape [3] takes 3 elements; there are 2'],
    [{ values: Float32Array.of(1), type: 'float64' }, 'type is "float64"; it must be float32 or float16 or bfloat16'],
    [{ values: Float32Array.of(1), type: 'bfloat16' }, 'for which .npy has no type'],
    [{ values: [1, 2] }, 'it must be a typed array or a list of texts'],
    [{ shape: [-1], values: new Float32Array() }, 'it must be a list of integers from 0'],
  ])('%o', (array, message) => {
    expect(() => writeNPY(array as never)).toThrow(message);
  });
});
