/** Writes the bytes of a checkpoint. It is loaded when one is written: a page that trains can do without. */

import { checksum } from '../../data/checksum.ts';
import { type ArrayEntry, byteLengthOf, MAGIC, type Packed, START, VERSION } from './bytes.ts';

export function pack({ content, arrays }: Packed): Uint8Array<ArrayBuffer> {
  const entries = [...arrays].map(([name, { shape, values }]): ArrayEntry => {
    return { name, type: values instanceof Float64Array ? 'float64' : 'float32', shape };
  });
  const header = new TextEncoder().encode(JSON.stringify({ content, arrays: entries }));
  const numbers = entries.reduce((sum, entry) => sum + byteLengthOf(entry), 0);
  const bytes = new Uint8Array(START + header.length + numbers + 4);
  const view = new DataView(bytes.buffer);
  bytes.set(new TextEncoder().encode(MAGIC));
  view.setUint32(8, VERSION, true);
  view.setUint32(12, header.length, true);
  view.setFloat64(16, bytes.length, true);
  bytes.set(header, START);
  let offset = START + header.length;
  for (const { values } of arrays.values()) {
    for (const value of values) {
      if (values instanceof Float64Array) view.setFloat64(offset, value, true);
      else view.setFloat32(offset, value, true);
      offset += values.BYTES_PER_ELEMENT;
    }
  }
  view.setUint32(offset, checksum(bytes.subarray(0, offset)), true);
  return bytes;
}
