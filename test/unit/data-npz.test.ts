/** Zip archives that are broken, lie or are hostile. That whole ones are read and written is in data-npy.test.ts. */
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { DataError, readNPZ, writeNPZ } from '../../src/data/index.ts';

const values = Float32Array.from({ length: 3000 }, (_, index) => index % 7);
const stored = Buffer.from(await writeNPZ({ x: { values }, y: { values: Int32Array.of(1, 2) } }));
const deflated = Buffer.from(await writeNPZ({ x: { values } }, { compressed: true }));

/** Where the entry of the directory for the first file begins. */
const directoryOf = (bytes: Buffer): number => bytes.indexOf('PK\x01\x02', 0, 'latin1');
const changed = (bytes: Buffer, change: (copy: Buffer) => void): Buffer => {
  const copy = Buffer.from(bytes);
  change(copy);
  return copy;
};

const CASES: Record<string, [Uint8Array, string]> = {
  'another format': [Buffer.from('some text, and some more of it'), 'not a zip archive'],
  'cut short': [stored.subarray(0, -30), 'it is cut short'],
  'no directory': [stored.subarray(0, directoryOf(stored)), 'it is cut short'],
  'a directory that begins elsewhere': [
    changed(stored, (copy) => copy.writeUInt32LE(5, copy.length - 6)),
    'entry 0 of its directory',
  ],
  'a directory beyond the end': [
    changed(stored, (copy) => copy.writeUInt32LE(1e9, copy.length - 6)),
    'its directory would end at',
  ],
  'more entries than there are': [
    changed(stored, (copy) => copy.writeUInt16LE(9, copy.length - 12)),
    'entry 2 of its directory',
  ],
  'a damaged stored entry': [changed(stored, (copy) => copy.writeUInt8(9, 300)), '"x.npy" is damaged'],
  'a damaged deflated entry': [changed(deflated, (copy) => copy.writeUInt8(9, 120)), 'cannot be decompressed to what'],
  'a checksum that does not fit': [
    changed(deflated, (copy) => copy.writeUInt32LE(9, directoryOf(copy) + 16)),
    'cannot be decompressed to what',
  ],
  'fewer bytes than stated': [
    changed(deflated, (copy) => copy.writeUInt32LE(99999, directoryOf(copy) + 24)),
    'cannot be decompressed to what',
  ],
  'more bytes than stated': [
    changed(deflated, (copy) => copy.writeUInt32LE(100, directoryOf(copy) + 24)),
    'the zip archive is broken: "x.npy"',
  ],
  'a size beyond the archive': [
    changed(deflated, (copy) => copy.writeUInt32LE(9e6, directoryOf(copy) + 20)),
    'reach beyond the end of the data',
  ],
  'an encrypted entry': [changed(stored, (copy) => copy.writeUInt16LE(1, directoryOf(copy) + 8)), 'is encrypted'],
  'another method': [changed(stored, (copy) => copy.writeUInt16LE(14, directoryOf(copy) + 10)), 'by method 14'],
  'another name in front of the data': [changed(stored, (copy) => copy.write('z', 30)), 'there is "z.npy"'],
  'an entry at the wrong place': [
    changed(stored, (copy) => copy.writeUInt32LE(3, directoryOf(copy) + 42)),
    'is not where its directory says',
  ],
};

test.each(Object.entries(CASES))('%s', async (_, [bytes, message]) => {
  await expect(readNPZ(bytes)).rejects.toThrow(DataError);
  await expect(readNPZ(bytes)).rejects.toThrow(message);
});

test('entries that share bytes are refused, as a small archive could hold very much', async () => {
  const two = Buffer.from(await writeNPZ({ aa: { values }, ab: { values } }));
  const first = directoryOf(two);
  const second = two.indexOf('PK\x01\x02', first + 4, 'latin1');
  // Both entries are the first one; its name is that of both.
  const shared = changed(two, (copy) => {
    copy.writeUInt32LE(0, second + 42);
    copy.write('aa.npy', second + 46);
  });
  await expect(readNPZ(shared)).rejects.toThrow('"aa.npy" and "aa.npy" overlap');
});

test('a name that stands there twice is refused', async () => {
  const two = Buffer.from(await writeNPZ({ aa: { values }, ab: { values } }));
  const same = Buffer.from(two.toString('latin1').replaceAll('ab.npy', 'aa.npy'), 'latin1');
  await expect(readNPZ(same)).rejects.toThrow('holds "aa" twice');
});

test('limits hold for all arrays together, and before they are decompressed', async () => {
  const limits = { values: 3001 };
  await expect(readNPZ(stored, { limits })).rejects.toThrow('more than 3001 values');
  await expect(readNPZ(deflated, { limits: { decompressedBytes: 1000 } })).rejects.toThrow(
    'the .npz file holds 12128 bytes; at most 1000 are read',
  );
});

test('an error names the array', async () => {
  const bytes = Buffer.from(stored.toString('latin1').replace("'<i4'", "'<c4'"), 'latin1');
  await expect(readNPZ(bytes)).rejects.toThrow('"y.npy" is damaged');
  const archive = await writeNPZ({ y: { values: Int32Array.of(1, 2) } });
  await expect(readNPZ(archive, { limits: { values: 1 } })).rejects.toThrow('"y": the .npy header tells of 2 int32');
});

test('any damage gives arrays or a DataError', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.constantFrom(stored, deflated),
      fc.nat(),
      fc.nat(255),
      fc.nat(),
      async (whole, at, byte, length) => {
        const broken = Uint8Array.from(whole.subarray(0, whole.length - (length % 40)));
        broken[at % broken.length] = byte;
        await readNPZ(broken).catch((error: unknown) => expect(error).toBeInstanceOf(DataError));
      },
    ),
    { numRuns: 200 },
  );
});

test('names must be texts, and arrays must be arrays', async () => {
  await expect(writeNPZ({ '': { values } })).rejects.toThrow('a text that is not empty');
  await expect(writeNPZ({ x: { values: [1] as never } })).rejects.toThrow('writeNPZ: arrays.x: values');
  await expect(writeNPZ([] as never)).rejects.toThrow('arrays by name');
});
