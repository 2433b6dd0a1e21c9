/**
 * The header of NumPy's .npy files, versions 1 to 3: NumPy Enhancement Proposal 1 and numpy.lib.format.
 *
 *   offset  0  6 bytes  0x93 "NUMPY"
 *           6  u8, u8   version, major and minor
 *           8  u16      length of the rest of the header; u32 from version 2 on, little-endian
 *      10, 12  text     a Python dictionary with the keys descr, fortran_order and shape, filled up by spaces; Latin-1,
 *                       UTF-8 from version 3 on
 */
import { describeArray, type ElementType, type FileArray, type NumberType } from './file-array.ts';
import { DataError } from './limits.ts';

const MAGIC = [0x93, ...new TextEncoder().encode('NUMPY')];

/** As in NumPy: the elements begin at a multiple of this. */
const ALIGNMENT = 64;

/** As in NumPy: places that the extent of the first axis may come to take, so that a file can grow. */
const EXTENT_WIDTH = 21;

/** A header has a few dozen characters; more than this is no header. */
const LARGEST_HEADER = 65536;

/** What a header says. */
export interface NPYHeader {
  readonly type: ElementType;
  /** Bytes of an element. */
  readonly size: number;
  /** Whether texts have a byte for each character, instead of four. */
  readonly isByteText: boolean;
  readonly isLittleEndian: boolean;
  readonly isFortranOrder: boolean;
  readonly shape: readonly number[];
  /** Where the elements begin. */
  readonly start: number;
}

const NUMBER_TYPES: Readonly<Record<string, NumberType>> = {
  b1: 'bool',
  u1: 'uint8',
  u2: 'uint16',
  u4: 'uint32',
  u8: 'uint64',
  i1: 'int8',
  i2: 'int16',
  i4: 'int32',
  i8: 'int64',
  f2: 'float16',
  f4: 'float32',
  f8: 'float64',
};

const READABLE = `bool, integers of 8 to 64 bits, floats of 16, 32 and 64 bits, and texts of fixed width`;

/** @throws DataError that says what is wrong with the header */
export function readNPYHeader(bytes: Uint8Array): NPYHeader {
  const found = bytes.subarray(0, MAGIC.length);
  if (bytes.length < MAGIC.length || MAGIC.some((byte, index) => byte !== found[index])) {
    const shown = Array.from(found, (byte) => byte.toString(16).padStart(2, '0')).join(' ');
    const hint = bytes[0] === 0x50 && bytes[1] === 0x4b ? '; it looks like a .npz file' : '';
    throw new DataError(
      `the file is not .npy: it begins with the bytes ${shown || '(none)'}; a .npy file must begin with 93 4e 55 4d 50 59${hint}`,
    );
  }
  const { text, start } = readHeaderText(bytes);
  const { descr, isFortranOrder, shape } = parseDictionary(text);
  return { ...readElementType(descr), isFortranOrder, shape, start };
}

function readHeaderText(bytes: Uint8Array): { text: string; start: number } {
  const [major, minor] = bytes.subarray(6, 8);
  const wide = major > 1;
  const begin = wide ? 12 : 10;
  if (bytes.length < begin) throw new DataError(`the .npy file has ${bytes.length} bytes: it is cut short`);
  if (!(major >= 1 && major <= 3) || minor !== 0) {
    throw new DataError(
      `the .npy file has version ${major}.${minor} of the format; versions 1.0, 2.0 and 3.0 are read`,
    );
  }
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const length = wide ? view.getUint32(8, true) : view.getUint16(8, true);
  const start = begin + length;
  if (length > LARGEST_HEADER) {
    throw new DataError(`the .npy header would have ${length} bytes; at most ${LARGEST_HEADER} are read`);
  }
  if (bytes.length < start) {
    throw new DataError(`the .npy header takes ${start} bytes; the file has ${bytes.length}: it is cut short`);
  }
  return { text: new TextDecoder(major === 3 ? 'utf-8' : 'latin1').decode(bytes.subarray(begin, start)), start };
}

const ENTRY = /\s*'(\w+)'\s*:\s*('(?:[^'\\]*)'|True|False|\([\d\sL,]*\)|\[[^\]]*\])\s*(?:,|(?=\}))/y;

interface Dictionary {
  readonly descr: string;
  readonly isFortranOrder: boolean;
  readonly shape: readonly number[];
}

/** Reads {'descr': '<f8', 'fortran_order': False, 'shape': (3, 4), }, in any order; Python 2 wrote 3L for 3. */
function parseDictionary(text: string): Dictionary {
  const entries = new Map<string, string>();
  const body = text.trimStart();
  const isBroken = (): DataError =>
    new DataError(`the .npy header is broken: ${JSON.stringify(text.trim().slice(0, 80))}`);
  if (!body.startsWith('{')) throw isBroken();
  ENTRY.lastIndex = 1;
  let end = 1;
  for (let found = ENTRY.exec(body); found; found = ENTRY.exec(body)) {
    if (entries.has(found[1])) throw isBroken();
    entries.set(found[1], found[2]);
    end = ENTRY.lastIndex;
  }
  const [descr, order, shape] = ['descr', 'fortran_order', 'shape'].map((name) => entries.get(name) ?? '');
  const isWhole = entries.size === 3 && body.slice(end).trim() === '}';
  if (
    !isWhole ||
    !/^['[]/.test(descr) ||
    !/^(True|False)$/.test(order) ||
    !/^\(((\d+L?,\s*)*(\d+L?)?)\s*\)$/.test(shape)
  ) {
    throw isBroken();
  }
  const extents = [...shape.matchAll(/\d+/g)].map(([digits]) => Number(digits));
  // In Python (3) is a number and (3,) a shape.
  if (extents.length === 1 && !shape.includes(',')) throw isBroken();
  return { descr: descr.replace(/^'(.*)'$/, '$1'), isFortranOrder: order === 'True', shape: extents };
}

const REFUSED: Readonly<Record<string, string>> = {
  O: 'Python objects, which only Python can read; save numbers, or texts of fixed width by array.astype(str)',
  c: 'complex numbers; save their parts, array.real and array.imag',
  '[': 'records of several fields; save each field as an array of its own',
  M: 'dates; save them as numbers by array.astype("int64")',
  m: 'durations; save them as numbers by array.astype("int64")',
};

/** Reads a type such as '<f8': the order of bytes, the kind, the bytes of an element. */
function readElementType(descr: string): Pick<NPYHeader, 'type' | 'size' | 'isByteText' | 'isLittleEndian'> {
  const [, order, kind, digits] = /^([<>|])([a-zA-Z])(\d+)$/.exec(descr) ?? [];
  const type = NUMBER_TYPES[`${kind}${digits}`];
  const width = Number(digits);
  const isLittleEndian = order !== '>';
  if (type && (order !== '|' || width === 1)) return { type, size: width, isByteText: false, isLittleEndian };
  if (kind === 'U' || kind === 'S') {
    return { type: 'text', size: kind === 'U' ? 4 * width : width, isByteText: kind === 'S', isLittleEndian };
  }
  const reason = REFUSED[kind ?? descr.replace(/^[<>|]?(.).*$/s, '$1')];
  throw new DataError(
    reason
      ? `the array holds ${reason}`
      : `the array holds elements of the type ${JSON.stringify(descr.slice(0, 40))}; read are ${READABLE}`,
  );
}

const KIND_BY_TYPE = Object.fromEntries(Object.entries(NUMBER_TYPES).map(([code, type]) => [type, code]));

/**
 * The header as NumPy 1.23 and later write it, in C order and little-endian.
 * @param width characters of a text
 * @throws RangeError where .npy has no such type
 */
export function createNPYHeader({ type, shape }: Pick<FileArray, 'type' | 'shape'>, width: number): Uint8Array {
  const code = type === 'text' ? `U${width}` : KIND_BY_TYPE[type];
  if (!code) throw new RangeError(`the array holds ${describeArray({ type, shape })}, for which .npy has no type`);
  const order = code.endsWith('1') && type !== 'text' ? '|' : '<';
  const tuple = shape.length === 1 ? `(${shape[0]},)` : `(${shape.join(', ')})`;
  const growth = shape.length === 0 ? '' : ' '.repeat(Math.max(0, EXTENT_WIDTH - String(shape[0]).length));
  const text = `{'descr': '${order}${code}', 'fortran_order': False, 'shape': ${tuple}, }${growth}`;
  const isWide = text.length + ALIGNMENT > 0xffff;
  const begin = isWide ? 12 : 10;
  const filled = `${text}${' '.repeat(ALIGNMENT - ((begin + text.length + 1) % ALIGNMENT))}\n`;
  const header = new Uint8Array(begin + filled.length);
  header.set([...MAGIC, isWide ? 2 : 1, 0]);
  const view = new DataView(header.buffer);
  if (isWide) view.setUint32(8, filled.length, true);
  else view.setUint16(8, filled.length, true);
  header.set(new TextEncoder().encode(filled), begin);
  return header;
}
