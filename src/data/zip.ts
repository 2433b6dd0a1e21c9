/**
 * Zip archives, as .npz files are: PKWARE's APPNOTE 6.3.10, with the methods stored and deflate and with Zip64. An entry
 * is decompressed by the platform: deflated data and their checksum, put into the frame of a .gz file, are a .gz file.
 */
import { checksum } from './checksum.ts';
import { DataError } from './limits.ts';
import { gunzip } from './source.ts';

const END = 0x06054b50;
const END_64 = 0x06064b50;
const LOCATOR_64 = 0x07064b50;
const CENTRAL = 0x02014b50;
const LOCAL = 0x04034b50;
const STORED = 0;
const DEFLATE = 8;
const IN_EXTRA_FIELD = 0xffffffff;
const GZIP_HEADER = Uint8Array.of(0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 255);

/** An entry of an archive, as its central directory describes it. */
export interface ZipEntry {
  readonly name: string;
  /** Bytes after decompression. */
  readonly size: number;
  readonly method: number;
  readonly checksum: number;
  /** The bytes in the archive. */
  readonly data: Uint8Array;
}

/**
 * Lists the entries of an archive without decompressing them.
 * @throws DataError where it is not a zip archive, is cut short, contradicts itself, or uses what is not supported
 */
export function listZip(bytes: Uint8Array): ZipEntry[] {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const { count, start, end } = findDirectory(bytes, view);
  const entries: (ZipEntry & { readonly from: number })[] = [];
  let at = start;
  for (let index = 0; index < count; index++) {
    if (at + 46 > end || view.getUint32(at, true) !== CENTRAL)
      throw broken(`entry ${index} of its directory is cut short`);
    const [nameLength, extraLength, commentLength] = [28, 30, 32].map((field) => view.getUint16(at + field, true));
    const next = at + 46 + nameLength + extraLength + commentLength;
    if (next > end) throw broken(`entry ${index} of its directory is cut short`);
    entries.push(readEntry(bytes, view, at, start));
    at = next;
  }
  checkApart(entries);
  return entries;
}

function broken(why: string): DataError {
  return new DataError(`the zip archive is broken: ${why}`);
}

/** Finds the directory by the record that ends the archive, behind which only a comment may stand. */
function findDirectory(bytes: Uint8Array, view: DataView): { count: number; start: number; end: number } {
  if (bytes.length < 22 || bytes[0] !== 0x50 || bytes[1] !== 0x4b) {
    throw new DataError('the file is not a zip archive, as .npz files are: it must begin with PK');
  }
  let at = bytes.length - 22;
  const isEnd = (): boolean =>
    view.getUint32(at, true) === END && at + 22 + view.getUint16(at + 20, true) === bytes.length;
  while (at > 0 && at > bytes.length - 22 - 65535 && !isEnd()) at--;
  if (!isEnd()) throw new DataError('the zip archive has no directory at its end: it is cut short');
  let [count, size, start] = [
    view.getUint16(at + 10, true),
    view.getUint32(at + 12, true),
    view.getUint32(at + 16, true),
  ];
  let end = at;
  if (count === 0xffff || size === IN_EXTRA_FIELD || start === IN_EXTRA_FIELD) {
    if (at < 20 || view.getUint32(at - 20, true) !== LOCATOR_64) throw broken('its Zip64 directory is missing');
    end = readLong(view, at - 20 + 8);
    if (end + 56 > at || view.getUint32(end, true) !== END_64) throw broken('its Zip64 directory is missing');
    [count, size, start] = [32, 40, 48].map((field) => readLong(view, end + field));
  }
  if (start + size > end) throw broken(`its directory would end at ${start + size}; it ends at ${end}`);
  return { count, start, end: start + size };
}

/** An integer of 64 bits; beyond 2⁵³ it is inexact, and beyond every file. */
function readLong(view: DataView, at: number): number {
  return view.getUint32(at, true) + 2 ** 32 * view.getUint32(at + 4, true);
}

function readEntry(bytes: Uint8Array, view: DataView, at: number, directory: number): ZipEntry & { from: number } {
  const [flags, method] = [8, 10].map((field) => view.getUint16(at + field, true));
  const [nameLength, extraLength] = [28, 30].map((field) => view.getUint16(at + field, true));
  const name = new TextDecoder().decode(bytes.subarray(at + 46, at + 46 + nameLength));
  const shown = JSON.stringify(name);
  if (flags & 1) throw new DataError(`${shown} in the zip archive is encrypted; encrypted entries are not read`);
  if (method !== STORED && method !== DEFLATE) {
    throw new DataError(
      `${shown} in the zip archive is compressed by method ${method}; read are stored (0) and deflate (8)`,
    );
  }
  const extra = at + 46 + nameLength;
  const [size, stored, offset] = readPlaces(view, at, extra, extra + extraLength);
  if (offset + 30 > directory || view.getUint32(offset, true) !== LOCAL)
    throw broken(`${shown} is not where its directory says`);
  const from = offset + 30 + view.getUint16(offset + 26, true) + view.getUint16(offset + 28, true);
  const local = new TextDecoder().decode(bytes.subarray(offset + 30, offset + 30 + view.getUint16(offset + 26, true)));
  if (local !== name) throw broken(`where its directory says ${shown}, there is ${JSON.stringify(local)}`);
  if (from + stored > directory)
    throw broken(`${shown} would have ${stored} bytes, and reach beyond the end of the data`);
  if (method === STORED && size !== stored)
    throw broken(`${shown} is stored, and has both ${stored} and ${size} bytes`);
  return {
    name,
    size,
    method,
    checksum: view.getUint32(at + 16, true),
    data: bytes.subarray(from, from + stored),
    from,
  };
}

/** The size, the bytes in the archive and the place of an entry: fields that are full stand in the Zip64 extra field. */
function readPlaces(view: DataView, at: number, extra: number, extraEnd: number): number[] {
  let [field, fieldEnd] = [extraEnd, extraEnd];
  for (let from = extra; from + 4 <= extraEnd; from += 4 + view.getUint16(from + 2, true)) {
    if (view.getUint16(from, true) !== 1) continue;
    field = from + 4;
    fieldEnd = Math.min(extraEnd, field + view.getUint16(from + 2, true));
  }
  return [24, 20, 42].map((place) => {
    const value = view.getUint32(at + place, true);
    if (value !== IN_EXTRA_FIELD) return value;
    if (field + 8 > fieldEnd) throw broken('a Zip64 size is missing');
    field += 8;
    return readLong(view, field - 8);
  });
}

/** An archive whose entries share bytes can be small and hold very much. */
function checkApart(entries: readonly (ZipEntry & { readonly from: number })[]): void {
  const sorted = [...entries].sort((a, b) => a.from - b.from);
  for (const [index, { from, name }] of sorted.entries()) {
    const before = sorted[index - 1];
    if (before && before.from + before.data.length > from) {
      throw broken(`${JSON.stringify(before.name)} and ${JSON.stringify(name)} overlap`);
    }
  }
}

/** The bytes of an entry. @throws DataError where they are not those that the directory tells of */
export async function extractEntry({ name, size, method, checksum: sum, data }: ZipEntry): Promise<Uint8Array> {
  const shown = JSON.stringify(name);
  if (method === STORED) {
    if (checksum(data) !== sum) throw broken(`${shown} is damaged, its checksum does not fit its content`);
    return data;
  }
  const frame = new Uint8Array(GZIP_HEADER.length + data.length + 8);
  frame.set(GZIP_HEADER);
  frame.set(data, GZIP_HEADER.length);
  const view = new DataView(frame.buffer);
  view.setUint32(frame.length - 8, sum, true);
  view.setUint32(frame.length - 4, size % 2 ** 32, true);
  return gunzip(
    frame,
    (length) => {
      if (length > size) throw broken(`${shown} should have ${size} bytes and has more`);
    },
    () => broken(`${shown} cannot be decompressed to what its directory tells of`),
  );
}

/** A file for an archive. */
interface ZipFile {
  readonly name: string;
  readonly bytes: Uint8Array;
}

/**
 * Writes an archive. All entries bear the first date that the format knows, so that equal files give equal archives.
 * @param isCompressed whether entries are deflated
 * @throws RangeError where it would have more than 4 GiB or 65534 entries
 */
export async function writeZip(files: readonly ZipFile[], isCompressed: boolean): Promise<Uint8Array<ArrayBuffer>> {
  if (files.length >= 0xffff)
    throw new RangeError(`the archive would have ${files.length} entries; at most 65534 are written`);
  const parts: Uint8Array[] = [];
  const directory: Uint8Array[] = [];
  let offset = 0;
  for (const { name, bytes } of files) {
    const data = isCompressed ? await deflate(bytes) : bytes;
    const [local, central] = describeFile(name, { bytes, data, offset, method: isCompressed ? DEFLATE : STORED });
    parts.push(local, data);
    directory.push(central);
    offset += local.length + data.length;
  }
  const size = directory.reduce((sum, entry) => sum + entry.length, 0);
  if (offset + size >= IN_EXTRA_FIELD) {
    throw new RangeError(`the archive would have ${offset + size} bytes; at most 4 GiB are written: write several`);
  }
  const end = new DataView(new ArrayBuffer(22));
  end.setUint32(0, END, true);
  for (const place of [8, 10]) end.setUint16(place, files.length, true);
  end.setUint32(12, size, true);
  end.setUint32(16, offset, true);
  return joinBytes([...parts, ...directory, new Uint8Array(end.buffer)]);
}

/** The header before the data of a file, and its entry in the directory. */
function describeFile(
  name: string,
  { bytes, data, offset, method }: { bytes: Uint8Array; data: Uint8Array; offset: number; method: number },
): [local: Uint8Array, central: Uint8Array] {
  const encoded = new TextEncoder().encode(name);
  // Version 2.0, names in UTF-8, the method, midnight of 1 January 1980.
  const common = new DataView(new ArrayBuffer(26));
  for (const [index, field] of [20, 0x800, method, 0, 0x21].entries()) common.setUint16(2 * index, field, true);
  for (const [index, field] of [checksum(bytes), data.length, bytes.length].entries()) {
    common.setUint32(10 + 4 * index, field, true);
  }
  common.setUint16(22, encoded.length, true);
  const fields = new Uint8Array(common.buffer);
  const [localMark, centralMark] = [LOCAL, CENTRAL].map((mark) => new Uint8Array(Uint32Array.of(mark).buffer));
  // Written on a system with the permissions of files, 0644, as NumPy does; without comment and extra field.
  const rest = new DataView(new ArrayBuffer(14));
  rest.setUint32(6, (0o100644 << 16) >>> 0, true);
  rest.setUint32(10, offset, true);
  return [
    joinBytes([localMark, fields, encoded]),
    joinBytes([centralMark, Uint8Array.of(20, 3), fields, new Uint8Array(rest.buffer), encoded]),
  ];
}

async function deflate(bytes: Uint8Array): Promise<Uint8Array> {
  const stream = new Blob([bytes as Uint8Array<ArrayBuffer>]).stream().pipeThrough(new CompressionStream('gzip'));
  const compressed = new Uint8Array(await new Response(stream).arrayBuffer());
  return compressed.subarray(GZIP_HEADER.length, -8);
}

function joinBytes(parts: readonly Uint8Array[]): Uint8Array<ArrayBuffer> {
  const joined = new Uint8Array(parts.reduce((sum, { length }) => sum + length, 0));
  let at = 0;
  for (const part of parts) {
    joined.set(part, at);
    at += part.length;
  }
  return joined;
}
