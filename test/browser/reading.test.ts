/** The readers of data in a browser: its streams decompress and its files are read as in Node. */
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { gzipped, imageFiles } from '../support/files.ts';
import { type OpenPage, openPage } from './harness.ts';
import { imagesIn, tableIn } from './reading.ts';

let open: OpenPage;
let url: string;

beforeAll(async () => {
  open = await openPage();
  url = await open.bundle(fileURLToPath(new URL('./reading.ts', import.meta.url)));
});

afterAll(() => open.close());

const base64 = (bytes: Uint8Array): string => Buffer.from(bytes).toString('base64');

test('images dropped on a page, some compressed', async () => {
  const files = imageFiles(9, 3, 3).map(({ name, bytes }, index) =>
    index % 2 ? { name: `${name}.gz`, base64: base64(gzipped(bytes)) } : { name, base64: base64(bytes) },
  );
  const inPage = await open.call(url, 'imagesIn', files);
  expect(inPage).toEqual({ counts: [9, 3], shape: [3, 3], labels: [0, 1, 2, 0, 1, 2, 0, 1, 2] });
  expect(inPage).toEqual(await imagesIn(files));
});

test('a table in UTF-16 becomes the same numbers as in Node', async () => {
  const text = '\ufeffgröße\tfarbe\tart\r\n1.5\trot\ta\r\n2.5\tgrün\tb\r\n4\trot\ta\r\n';
  const bytes = base64(gzipped(new Uint8Array(Buffer.from(text, 'utf16le'))));
  const inPage = await open.call(url, 'tableIn', bytes, 'art');
  expect(inPage).toMatchObject({ classNames: ['a', 'b'] });
  expect(inPage).toEqual(await tableIn(bytes, 'art'));
});

test('a .gz bomb is stopped, and a truncated .gz file is refused', async () => {
  const bomb = gzipped(new Uint8Array(64 * 2 ** 20));
  expect(await open.call(url, 'failureOf', base64(bomb), 2 ** 20)).toBe(
    'DataError: the .gz file holds more than 1048576 bytes; at most 1048576 are read: raise limits.decompressedBytes',
  );
  const cut = gzipped('x,y\n1,a\n').subarray(0, -9);
  expect(await open.call(url, 'failureOf', base64(cut), 2 ** 20)).toBe(
    'DataError: the .gz file is broken or cut short: it cannot be decompressed',
  );
  expect(open.errors).toEqual([]);
});
