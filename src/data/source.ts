import { isSatisfied } from '../arguments/check.ts';
import { describeValue } from '../arguments/describe-value.ts';
import { checkLimit, DataError, type LimitOptions, type Limits, limitsOf } from './limits.ts';

/** The source of data: bytes in memory, a file (such as one dropped on a page), or the response to a fetch. */
export type Source = Uint8Array | ArrayBuffer | Blob | Response;

/**
 * Bytes that are decompressed at once. A browser decompresses a whole slice before it can be stopped, so a slice must
 * be small: the format allows it to grow by a factor of up to 1032.
 */
const SLICE = 2 ** 14;

/**
 * Reads all bytes of the source, and decompresses them if they begin like a gzip file, whatever the name of the file.
 *
 * @throws DataError where there are more bytes than the limits allow, or where the compressed data are broken
 */
export async function readBytes(source: Source, options: LimitOptions = {}): Promise<Uint8Array> {
  const limits = limitsOf(options);
  const bytes = await readPlainBytes(source, limits);
  return bytes[0] === 0x1f && bytes[1] === 0x8b ? decompress(bytes, limits) : bytes;
}

/**
 * Reads the text of the source: UTF-16 with a byte order mark, otherwise UTF-8.
 *
 * @throws DataError where the bytes are not valid text in that encoding
 */
export async function readText(source: Source, options: LimitOptions = {}): Promise<string> {
  const bytes = await readBytes(source, options);
  const encoding = { '255,254': 'utf-16le', '254,255': 'utf-16be' }[String(bytes.subarray(0, 2))] ?? 'utf-8';
  try {
    return new TextDecoder(encoding, { fatal: true }).decode(bytes);
  } catch {
    throw new DataError(`the file is not text in ${encoding.toUpperCase()}; save it as UTF-8`);
  }
}

async function readPlainBytes(source: Source, limits: Limits): Promise<Uint8Array> {
  if (!isSatisfied((given) => given instanceof Object, source)) throw createSourceError(source);
  if (source instanceof Uint8Array || source instanceof ArrayBuffer) {
    checkBytes(limits, 'bytes', source.byteLength);
    return source instanceof Uint8Array ? source : new Uint8Array(source);
  }
  if (source instanceof Blob) {
    checkBytes(limits, 'bytes', source.size);
    return new Uint8Array(await source.arrayBuffer());
  }
  if (source instanceof Response) {
    if (!source.ok) throw new DataError(`${source.url || 'the server'} answered ${source.status} ${source.statusText}`);
    return source.body
      ? collectBytes(source.body, (length) => checkBytes(limits, 'bytes', length, 'more than '))
      : new Uint8Array();
  }
  throw createSourceError(source);
}

function createSourceError(source: unknown): TypeError {
  const found = typeof source === 'string' ? 'string' : describeValue(source);
  return new TypeError(`source is ${found}; it must be a Uint8Array, an ArrayBuffer, a Blob or a Response`);
}

async function decompress(bytes: Uint8Array, limits: Limits): Promise<Uint8Array> {
  return gunzip(
    bytes,
    (length) => checkBytes(limits, 'decompressedBytes', length, 'more than '),
    () => new DataError('the .gz file is broken or cut short: it cannot be decompressed'),
  );
}

/**
 * Decompresses the bytes of a .gz file.
 * @param check throws where there are too many bytes; it learns their number as they arrive
 * @param createError the error for data that are broken
 */
export async function gunzip(
  bytes: Uint8Array,
  check: (length: number) => void,
  createError: () => DataError,
): Promise<Uint8Array> {
  let at = 0;
  const slices = new ReadableStream<BufferSource>({
    pull(controller) {
      if (at < bytes.length) controller.enqueue(bytes.slice(at, at + SLICE));
      else controller.close();
      at += SLICE;
    },
  });
  try {
    return await collectBytes(slices.pipeThrough(new DecompressionStream('gzip')), check);
  } catch (error) {
    if (error instanceof DataError) throw error;
    throw createError();
  }
}

async function collectBytes(stream: ReadableStream<Uint8Array>, check: (length: number) => void): Promise<Uint8Array> {
  const reader = stream.getReader();
  const chunks: Uint8Array[] = [];
  let length = 0;
  try {
    for (;;) {
      const { done, value } = await reader.read();
      if (done) break;
      chunks.push(value);
      length += value.length;
      check(length);
    }
  } catch (error) {
    await reader.cancel().catch(() => {}); // the original error matters more than an error in cancelling
    throw error;
  }
  const bytes = new Uint8Array(length);
  let at = 0;
  for (const chunk of chunks) {
    bytes.set(chunk, at);
    at += chunk.length;
  }
  return bytes;
}

function checkBytes(limits: Limits, limit: 'bytes' | 'decompressedBytes', length: number, more = ''): void {
  const count = more ? limits[limit] : length;
  const what = limit === 'bytes' ? 'the file has' : 'the .gz file holds';
  checkLimit(limits, limit, length, `${what} ${more}${count} bytes`);
}
