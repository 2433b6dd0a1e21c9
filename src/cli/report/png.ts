/** Encodes small images as PNG, for embedding in a page. */
import { deflateSync } from 'node:zlib';
import { checksum } from '../../data/checksum.ts';

const SIGNATURE = [0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a];

const COLOUR_TYPES: Readonly<Record<number, number>> = { 1: 0, 3: 2 };

/**
 * Encodes an image as PNG (ISO/IEC 15948) with 8 bits per channel: grey for one channel, RGB for three.
 *
 * @param pixels values in [0, 1], one plane after the other, each row by row
 * @param shape channels × height × width
 * @throws RangeError where the shape is not of this form
 */
export function encodePNG(pixels: ArrayLike<number>, shape: readonly number[]): Uint8Array {
  const [channels, height, width] = shape;
  const colourType = COLOUR_TYPES[channels];
  if (shape.length !== 3 || colourType === undefined) {
    throw new RangeError(`png: shape is ${shape.join(' × ')}; it must be 1 or 3 × height × width`);
  }
  const stride = width * channels;
  const lines = Buffer.alloc(height * (stride + 1)); // each line begins with its filter type; 0 is none
  for (let index = 0; index < height * stride; index++) {
    const [pixel, channel] = [Math.floor(index / channels), index % channels];
    const level = Math.round(255 * Math.min(Math.max(pixels[channel * height * width + pixel], 0), 1));
    lines[Math.floor(index / stride) * (stride + 1) + 1 + (index % stride)] = level;
  }
  const header = Buffer.alloc(13);
  header.writeUInt32BE(width, 0);
  header.writeUInt32BE(height, 4);
  header.set([8, colourType, 0, 0, 0], 8);
  const chunks = [
    createChunk('IHDR', header),
    createChunk('IDAT', deflateSync(lines)),
    createChunk('IEND', Buffer.alloc(0)),
  ];
  return Buffer.concat([Buffer.from(SIGNATURE), ...chunks]);
}

function createChunk(type: string, data: Buffer): Buffer {
  const body = Buffer.concat([Buffer.from(type, 'latin1'), data]);
  const bytes = Buffer.alloc(body.length + 8);
  bytes.writeUInt32BE(data.length, 0);
  bytes.set(body, 4);
  bytes.writeUInt32BE(checksum(body), body.length + 4);
  return bytes;
}
