// op(A[s])·op(B[s]) + bias for each sample; see BatchedProductCall in batched-kernels.ts. Each panel of op(B) is packed
// when it is needed.
import { BatchedProduct } from '../extra-instructions';
import { Bias } from '../instructions';
import { BLOCK_DEPTH, BLOCK_ROWS, blockSpace, buffer, chunk, word } from './memory';
import { PANEL, packLeft, packRightPanel, TILE_ROWS } from './pack';
import { edgeTile, tile } from './tile';

const BYTES: usize = 4;

/** The samples `first` to `last`. */
export function batchedProduct(at: usize, first: i32, last: i32): void {
  const m = word(at, BatchedProduct.m);
  const n = word(at, BatchedProduct.n);
  const k = word(at, BatchedProduct.k);
  const stepA: usize = word(at, BatchedProduct.sharedA) !== 0 ? 0 : <usize>(m * k) * BYTES;
  const stepB: usize = word(at, BatchedProduct.sharedB) !== 0 ? 0 : <usize>(k * n) * BYTES;
  const kind = word(at, BatchedProduct.biasKind);
  const stepBias: usize = kind === Bias.full ? <usize>(m * n) * BYTES : 0;
  const stepOut = <usize>(m * n) * BYTES;
  for (let sample = first; sample < last; sample++) {
    const bias = buffer(at, BatchedProduct.bias);
    multiply(
      at,
      buffer(at, BatchedProduct.a) + <usize>sample * stepA,
      buffer(at, BatchedProduct.b) + <usize>sample * stepB,
      kind === Bias.none ? 0 : bias + <usize>sample * stepBias,
      kind === Bias.full ? <usize>n * BYTES : 0,
      buffer(at, BatchedProduct.out) + <usize>sample * stepOut,
    );
  }
}

function multiply(at: usize, a: usize, b: usize, bias: usize, biasPitch: usize, out: usize): void {
  const m = word(at, BatchedProduct.m);
  const n = word(at, BatchedProduct.n);
  const k = word(at, BatchedProduct.k);
  const pitch = <usize>n * BYTES;
  // A panel takes the space of all four chunks.
  const panel = chunk(0);
  for (let begin = 0; begin < k; begin += BLOCK_DEPTH) {
    const depth = min(BLOCK_DEPTH, k - begin);
    for (let row = 0; row < m; row += BLOCK_ROWS) {
      const rows = min(BLOCK_ROWS, m - row);
      packLeft(a, blockSpace(), row, rows, begin, depth, m, k, word(at, BatchedProduct.transposeA) !== 0);
      for (let column = 0; column < n; column += PANEL) {
        packRightPanel(b, panel, n, k, begin, depth, column, word(at, BatchedProduct.transposeB) !== 0);
        const place = <usize>column * BYTES;
        const to = out + <usize>row * pitch + place;
        let from = to;
        let fromPitch = pitch;
        if (begin === 0) {
          from = bias === 0 ? 0 : bias + <usize>row * biasPitch + place;
          fromPitch = biasPitch;
        }
        multiplyPanel(panel, depth, rows, min(PANEL, n - column), from, fromPitch, to, pitch);
      }
    }
  }
}

function multiplyPanel(
  panel: usize,
  depth: i32,
  rows: i32,
  columns: i32,
  from: usize,
  fromPitch: usize,
  to: usize,
  pitch: usize,
): void {
  const low = -f32.POSITIVE_INFINITY;
  for (let strip = 0; strip < rows; strip += TILE_ROWS) {
    const left = blockSpace() + <usize>(strip * depth) * BYTES;
    const end = to + <usize>strip * pitch;
    const start: usize = from === 0 ? 0 : from + <usize>strip * fromPitch;
    const height = min(TILE_ROWS, rows - strip);
    if (columns === PANEL && height === TILE_ROWS) tile(left, panel, depth, start, fromPitch, end, pitch, low);
    else edgeTile(left, panel, depth, start, fromPitch, end, pitch, low, height, columns);
  }
}
