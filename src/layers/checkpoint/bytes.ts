/**
 * The bytes of a checkpoint, all little-endian:
 *
 *   offset   0  8 bytes  magic, "EQUILBRA"
 *            8  u32      version of the format
 *           12  u32      length h of the header
 *           16  f64      length of the whole, in bytes
 *           24  h bytes  header, JSON in UTF-8: { content, arrays: [{ name, type, shape }] }
 *       24 + h           the arrays one after the other, float64 or float32, row-major
 *     last four  u32     CRC-32 of everything before it
 *
 * The numbers keep the precision of the backend, so that storing them rounds nothing.
 */
import { BYTES } from '../../arguments/check.ts';
import { checksum } from '../../data/checksum.ts';

export const MAGIC = 'EQUILBRA';
export const VERSION = 1;
export const START = 24;

/** Thrown where a checkpoint cannot be used; the message says why. */
export class CheckpointError extends Error {
  /** Always 'CheckpointError'. */
  override readonly name = 'CheckpointError';
}

/** An array of numbers as a checkpoint stores it. */
export interface NumberArray {
  /** The extents of the axes. */
  readonly shape: readonly number[];
  /** Row-major, in the precision of the backend. */
  readonly values: Float32Array | Float64Array;
}

export interface Packed {
  /** A value that JSON can represent. */
  readonly content: unknown;
  readonly arrays: ReadonlyMap<string, NumberArray>;
}

export interface ArrayEntry {
  readonly name: string;
  readonly type: 'float32' | 'float64';
  readonly shape: readonly number[];
}

const WIDTH = { float32: 4, float64: 8 } as const;

/** @throws CheckpointError unless the bytes are a complete, undamaged checkpoint of the supported version */
export function unpack(bytes: Uint8Array): Packed {
  BYTES('checkpoint: bytes', bytes);
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const { headerLength } = checkFrame(bytes, view);
  const text = new TextDecoder().decode(bytes.subarray(START, START + headerLength));
  const { content, arrays: entries } = JSON.parse(text) as { content: unknown; arrays: ArrayEntry[] };
  const arrays = new Map<string, NumberArray>();
  let offset = START + headerLength;
  for (const entry of entries) {
    arrays.set(entry.name, { shape: entry.shape, values: readNumbersAt(view, offset, entry) });
    offset += byteLengthOf(entry);
  }
  return { content, arrays };
}

function checkFrame(bytes: Uint8Array, view: DataView): { headerLength: number } {
  const magic = new TextDecoder().decode(bytes.subarray(0, MAGIC.length));
  if (!MAGIC.startsWith(magic) || magic.length === 0) {
    throw new CheckpointError('checkpoint: these bytes are something else, they do not start as a checkpoint does');
  }
  if (bytes.length < START + 4) {
    throw new CheckpointError(`checkpoint: it is cut short, only ${bytes.length} bytes are there`);
  }
  const version = view.getUint32(8, true);
  if (version !== VERSION) {
    throw new CheckpointError(
      `checkpoint: it has version ${version} of the format, this library reads version ${VERSION}` +
        `${version > VERSION ? '; a newer equilibra is needed' : ''}`,
    );
  }
  const length = view.getFloat64(16, true);
  if (bytes.length < length) {
    throw new CheckpointError(`checkpoint: it is cut short, ${bytes.length} of ${length} bytes are there`);
  }
  const end = bytes.length - 4;
  const [stated, found] = [view.getUint32(end, true), checksum(bytes.subarray(0, end))];
  if (bytes.length !== length || stated !== found) {
    throw new CheckpointError('checkpoint: it is damaged, its checksum does not fit its content');
  }
  return { headerLength: view.getUint32(12, true) };
}

export function byteLengthOf({ type, shape }: ArrayEntry): number {
  return shape.reduce((size, extent) => size * extent, WIDTH[type]);
}

function readNumbersAt(view: DataView, offset: number, entry: ArrayEntry): Float32Array | Float64Array {
  const width = WIDTH[entry.type];
  const count = byteLengthOf(entry) / width;
  if (entry.type === 'float64') {
    return Float64Array.from({ length: count }, (_, index) => view.getFloat64(offset + width * index, true));
  }
  return Float32Array.from({ length: count }, (_, index) => view.getFloat32(offset + width * index, true));
}
