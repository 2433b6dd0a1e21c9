/** Safetensors against what a script by the specification wrote: test/fixtures/arrays/safetensors.py. */
import { readFileSync } from 'node:fs';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import {
  DataError,
  parseSafetensors,
  readNPZ,
  readSafetensors,
  type WritableArray,
  writeSafetensors,
} from '../../src/data/index.ts';

const load = (name: string): Buffer => readFileSync(new URL(`../fixtures/arrays/${name}`, import.meta.url));
const fixture = load('tensors.safetensors');

test('the fixture holds what the .npz file holds from which the script wrote it', async () => {
  const { tensors, metadata } = await readSafetensors(new Blob([Uint8Array.from(fixture)]));
  const expected = await readNPZ(load('tensors.npz'));
  expect([...tensors.keys()].sort()).toEqual([...expected.keys()].sort());
  for (const [name, tensor] of tensors) expect(tensor).toEqual(expected.get(name));
  expect(metadata).toEqual({ format: 'np' });
});

const { tensors: all, metadata } = parseSafetensors(fixture);

test('what is read and written again is the same, and every tensor is aligned to its elements', () => {
  const written = writeSafetensors(all, { metadata });
  const again = parseSafetensors(written);
  expect([...again.tensors].sort()).toEqual([...all].sort());
  expect(again.metadata).toEqual(metadata);
  const length = Number(new DataView(written.buffer).getBigUint64(0, true));
  expect(length % 8).toBe(0);
  const header = JSON.parse(Buffer.from(written.subarray(8, 8 + length)).toString()) as Record<
    string,
    { dtype: string; data_offsets: number[] }
  >;
  for (const [name, { dtype, data_offsets: offsets }] of Object.entries(header)) {
    if (name !== '__metadata__') expect(offsets[0] % Math.max(1, Number(dtype.replace(/\D/g, '')) / 8)).toBe(0);
  }
});

test('bfloat16 is rounded to nearest even, and comes back bit for bit', () => {
  const bits = (...words: number[]): Float32Array => new Float32Array(Uint32Array.from(words).buffer);
  const given = bits(0x3f800000, 0x3f807fff, 0x3f808000, 0x3f818000, 0x7f800001, 0x7f7fffff, 0x80000001);
  const written = writeSafetensors({ a: { values: given, type: 'bfloat16' } });
  const read = parseSafetensors(written).tensors.get('a') as WritableArray & { values: Float32Array };
  const expected = [0x3f800000, 0x3f800000, 0x3f800000, 0x3f820000, 0x7fc00000, 0x7f800000, 0x80000000];
  expect([...new Uint32Array(read.values.buffer)]).toEqual(expected);
  expect(writeSafetensors({ a: read })).toEqual(written);
});

test('tensors come in the order of the header, also where names are numbers', () => {
  const header = Buffer.from(
    ['b', '10', '2', '__proto__']
      .map((name, at) => `"${name}":{"dtype":"U8","shape":[],"data_offsets":[${at},${at + 1}]}`)
      .join(),
  );
  const size = Buffer.alloc(8);
  size.writeBigUInt64LE(BigInt(header.length + 2));
  const { tensors } = parseSafetensors(
    Buffer.concat([size, Buffer.from('{'), header, Buffer.from('}'), Buffer.of(1, 2, 3, 4)]),
  );
  expect([...tensors].map(([name, { values }]) => [name, values[0]])).toEqual([
    ['b', 1],
    ['10', 2],
    ['2', 3],
    ['__proto__', 4],
  ]);
});

test('an array without elements has none, however long its other axes are', () => {
  const shape = [0, ...new Array<number>(40).fill(2 ** 52)];
  const written = writeSafetensors({ a: { shape: [...shape].reverse(), values: new Float32Array() } });
  expect(parseSafetensors(written).tensors.get('a')?.shape.at(-1)).toBe(0);
});

describe('headers that lie', () => {
  const file = (header: string | object, data = Buffer.alloc(8), length?: number): Buffer => {
    const text = Buffer.from(typeof header === 'string' ? header : JSON.stringify(header));
    const size = Buffer.alloc(8);
    size.writeBigUInt64LE(BigInt(length ?? text.length));
    return Buffer.concat([size, text, data]);
  };
  const F32 = (begin: number, end: number, shape = [(end - begin) / 4]): object => ({
    dtype: 'F32',
    shape,
    data_offsets: [begin, end],
  });
  const cases: Record<string, [Uint8Array, string]> = {
    'no bytes': [Buffer.alloc(3), 'has 3 bytes; it must have 8 at least: it is cut short'],
    'a header beyond the file': [file({ a: F32(0, 8) }, Buffer.alloc(8), 1000), 'ends at byte 1008; the file has'],
    'a header beyond the limit': [file({}, Buffer.alloc(0), 2 ** 52), 'its header would have 4503599627370496 bytes'],
    'a header that does not begin with {': [file(' {}', Buffer.alloc(0)), 'must begin with {'],
    'a header that is not JSON': [file('{"a": ', Buffer.alloc(0)), 'its header is not JSON'],
    'a header that is not UTF-8': [
      file(Buffer.from('{"\xff"}', 'latin1').toString('latin1').replace('ÿ', '\ud800'), Buffer.alloc(0)),
      'its header is not JSON',
    ],
    'an overlap': [
      file({ a: F32(0, 8), b: F32(4, 8) }),
      'tensors "a" and "b" overlap: one ends at 8, the other begins at 4',
    ],
    'a hole': [file({ a: F32(4, 8) }), 'the bytes from 0 to 4 belong to no tensor'],
    'bytes behind the last tensor': [file({ a: F32(0, 4) }), 'the bytes from 4 to 8 belong to no tensor'],
    'tensors beyond the end': [
      file({ a: F32(0, 12) }),
      'end at byte 12 after the header; there are 8: it is cut short',
    ],
    'a shape that does not fit': [
      file({ a: F32(0, 8, [3]) }),
      '3 float32 takes 12 bytes; its data_offsets, 0 and 8, are 8 apart',
    ],
    'a shape that is huge': [file({ a: F32(0, 8, [2 ** 40, 2 ** 40]) }), 'takes'],
    'offsets in the wrong order': [file({ a: F32(8, 0, [2]) }), 'are -8 apart'],
    'offsets that are no integers': [
      file({ a: { dtype: 'F32', shape: [2], data_offsets: [0, 8.5] } }),
      'two integers from 0',
    ],
    'a name twice': [
      file(
        '{"a":{"dtype":"F32","shape":[2],"data_offsets":[0,8]},"a":{"dtype":"F32","shape":[2],"data_offsets":[0,8]}}',
      ),
      'its header has the name "a" twice',
    ],
    'a field twice': [
      file('{"a":{"dtype":"F32","dtype":"F32","shape":[2],"data_offsets":[0,8]}}'),
      'its header has the name "dtype" twice',
    ],
    'a text twice': [
      file('{"__metadata__":{"by":"A","by":"B"},"a":{"dtype":"F32","shape":[2],"data_offsets":[0,8]}}'),
      'its header has the name "by" twice',
    ],
    'a type that is not read': [
      file({ a: { dtype: 'F8_E4M3', shape: [8], data_offsets: [0, 8] } }),
      'tensor "a" is of the type "F8_E4M3"; read are BOOL,',
    ],
    'a type by the name of a method': [
      file({ a: { dtype: 'toString', shape: [8], data_offsets: [0, 8] } }),
      'of the type "toString"',
    ],
    'no type': [file({ a: 5 }), 'tensor "a" has no dtype'],
    'metadata that are no texts': [file({ __metadata__: { a: 1 } }, Buffer.alloc(0)), '__metadata__ must hold texts'],
  };
  test.each(Object.entries(cases))('%s', (_, [bytes, message]) => {
    expect(() => parseSafetensors(bytes)).toThrow(DataError);
    expect(() => parseSafetensors(bytes)).toThrow(message);
  });

  test('empty tensors, scalars and an empty file are allowed, and so are spaces behind the header', () => {
    const { tensors } = parseSafetensors(
      file(`${JSON.stringify({ a: F32(0, 0, [0, 3]), b: F32(0, 4, []), c: F32(4, 8) })}   `),
    );
    expect([...tensors.values()].map(({ shape }) => shape)).toEqual([[0, 3], [], [1]]);
    expect(parseSafetensors(file('{}', Buffer.alloc(0))).tensors.size).toBe(0);
  });

  test('limits hold', () => {
    expect(() => parseSafetensors(fixture, { limits: { values: 10 } })).toThrow('at most 10 are read');
  });

  test('any damage gives tensors or a DataError', () => {
    fc.assert(
      fc.property(fc.nat(fixture.length - 1), fc.nat(255), (at, byte) => {
        const broken = Uint8Array.from(fixture);
        broken[at] = byte;
        try {
          parseSafetensors(broken);
        } catch (error) {
          expect(error).toBeInstanceOf(DataError);
        }
      }),
      { numRuns: 500 },
    );
  });
});

test('what cannot be written is refused', () => {
  expect(() => writeSafetensors({ a: { values: ['x'] } })).toThrow('numbers; the format has no texts');
  expect(() => writeSafetensors({ __metadata__: { values: Float32Array.of(1) } })).toThrow('keeps it for the metadata');
  expect(() => writeSafetensors({}, { metadata: { a: 1 } as never })).toThrow('an object of texts');
});
