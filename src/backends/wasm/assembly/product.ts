// C = epilogue(op(A)·op(B)); see ProductCall in product-kernels.ts for the formula.
import { Bias, Code, Header, Operation, Product } from '../instructions';
import { beat } from './clock';
import { evaluate, STEP } from './formulas';
import { BLOCK_DEPTH, BLOCK_ROWS, blockSpace, buffer, parametersAt, splatted, word } from './memory';
import { PANEL, packLeft, packRight, TILE_ROWS } from './pack';
import { edgeTile, tile } from './tile';

const BYTES: usize = 4;

/**
 * Packs op(B), unless its pack is still valid.
 * @param program address of the words of the Program, which begin with one word for each lasting pack
 */
export function preparePanels(at: usize, program: usize): void {
  const pack = word(at, Product.pack);
  const ready = program + ((<usize>pack) << 2);
  if (pack !== 0 && load<i32>(ready) !== 0) return;
  const n = word(at, Product.n);
  const k = word(at, Product.k);
  packRight(buffer(at, Product.b), buffer(at, Product.packed), n, k, word(at, Product.transposeB) !== 0);
  if (pack !== 0) store<i32>(ready, 1);
}

/** Computes the rows `first` to `last` of C. */
export function product(at: usize, first: i32, last: i32): void {
  for (let row = first; row < last; row += BLOCK_ROWS) {
    const rows = min(BLOCK_ROWS, last - row);
    beat();
    multiplyBlock(at, row, rows);
    finish(at, row, rows);
  }
}

/** Applies the epilogue to the rows `first` to `last` of a product that another kernel has computed, with its bias. */
export function finishRows(at: usize, first: i32, last: i32): void {
  for (let row = first; row < last; row += BLOCK_ROWS) finish(at, row, min(BLOCK_ROWS, last - row));
}

/** Whether the activation is a relu that `tile` applies, at no cost, while the sums are still in registers. */
function isRelu(at: usize): bool {
  return word(at, Header.code) === Code.product && word(at, Product.activation) === Operation.relu;
}

function multiplyBlock(at: usize, row: i32, rows: i32): void {
  const m = word(at, Product.m);
  const n = word(at, Product.n);
  const k = word(at, Product.k);
  const isTransposed = word(at, Product.transposeA) !== 0;
  const out = buffer(at, Product.out) + <usize>row * <usize>n * BYTES;
  const panels = buffer(at, Product.packed);
  const panelCount = (n + PANEL - 1) / PANEL;
  for (let begin = 0; begin < k; begin += BLOCK_DEPTH) {
    const depth = min(BLOCK_DEPTH, k - begin);
    packLeft(buffer(at, Product.a), blockSpace(), row, rows, begin, depth, m, k, isTransposed);
    const low = begin + depth === k && isRelu(at) ? <f32>0 : -f32.POSITIVE_INFINITY;
    const block = panels + <usize>(begin * panelCount * PANEL) * BYTES;
    for (let panel = 0; panel < panelCount; panel++) {
      multiplyPanel(
        at,
        row,
        rows,
        block + <usize>(panel * depth * PANEL) * BYTES,
        out,
        panel * PANEL,
        depth,
        begin > 0,
        low,
      );
    }
  }
}

/** Computes PANEL columns of C, from `column` on. */
function multiplyPanel(
  at: usize,
  row: i32,
  rows: i32,
  panel: usize,
  out: usize,
  column: i32,
  depth: i32,
  isContinued: bool,
  low: f32,
): void {
  const n = word(at, Product.n);
  const pitch = <usize>n * BYTES;
  const columns = min(PANEL, n - column);
  let start = out;
  let startPitch = pitch;
  if (!isContinued) {
    const kind = word(at, Product.biasKind);
    start = buffer(at, Product.bias);
    if (kind === Bias.full) start += <usize>row * pitch;
    else startPitch = 0;
  }
  const place = <usize>column * BYTES;
  for (let strip = 0; strip < rows; strip += TILE_ROWS) {
    const left = blockSpace() + <usize>(strip * depth) * BYTES;
    const to = out + <usize>strip * pitch + place;
    const from: usize = start === 0 ? 0 : start + <usize>strip * startPitch + place;
    if (columns === PANEL && rows - strip >= TILE_ROWS) tile(left, panel, depth, from, startPitch, to, pitch, low);
    else edgeTile(left, panel, depth, from, startPitch, to, pitch, low, min(TILE_ROWS, rows - strip), columns);
  }
}

/** Applies the rest of the epilogue while the rows are still in the cache. */
function finish(at: usize, row: i32, rows: i32): void {
  const n = word(at, Product.n);
  const begin = <usize>row * <usize>n * BYTES;
  const count = rows * n;
  const out = buffer(at, Product.out) + begin;
  const prior = buffer(at, Product.prior) + begin;
  const step = buffer(at, Product.step);
  const scale = buffer(at, Product.scale);
  const activation = word(at, Product.activation);
  const parameters = parametersAt(at, Product.p0);
  const none = f32x4.splat(0);
  if (step !== 0) {
    const alpha = load<f32>(step);
    blend(out, prior, alpha, count);
    evaluate(activation, out, count, parameters, out, splatted(0, alpha));
  } else if (activation >= 0 && !isRelu(at)) {
    evaluate(activation, out, count, parameters, out);
  }
  if (scale !== 0) evaluate(Operation.multiply, out, count, none, out, scale + begin);
  if (word(at, Product.residual) !== 0) {
    evaluate(Operation.subtract, out, count, none, prior, out);
  }
}

/** (1 − α)·prior + α·t. Up to three numbers beyond the last one are overwritten. */
function blend(out: usize, prior: usize, alpha: f32, count: i32): void {
  const a = f32x4.splat(alpha);
  const rest = f32x4.splat(1 - alpha);
  const end = out + <usize>count * BYTES;
  for (; out < end; out += STEP, prior += STEP) {
    v128.store(out, f32x4.add(f32x4.mul(rest, v128.load(prior)), f32x4.mul(a, v128.load(out))));
  }
}
