import { ABSENT, type MoveCall } from '../kernels.ts';

/** Moves along one axis; see MOVES for the formulas. */
export function move(call: MoveCall, slots: readonly Float64Array[]): void {
  const [x, index, y] = call.inputs.map((slot) => (slot === ABSENT ? undefined : slots[slot]));
  const out = slots[call.output];
  if (!x) return;
  switch (call.operation) {
    case 'gather':
      gather(call, x, index, y, out);
      break;
    case 'scatter':
      if (index && y) scatter(call, x, index, y, out);
      break;
    case 'segmentSum':
      if (index && y) segmentSum(call, x, index, y, out);
      break;
  }
}

function gather(
  { outer, inner, extent, others, length, offset }: MoveCall,
  x: Float64Array,
  index: Float64Array | undefined,
  y: Float64Array | undefined,
  out: Float64Array,
): void {
  for (let o = 0; o < outer; o++) {
    for (let j = 0; j < length; j++) {
      const t = index ? Math.round(index[j]) : j + offset;
      const to = (o * length + j) * inner;
      const fromX = (o * extent + t) * inner;
      const fromY = (o * others + t - extent) * inner;
      if (t >= 0 && t < extent) out.set(x.subarray(fromX, fromX + inner), to);
      else if (y && t >= extent && t < extent + others) out.set(y.subarray(fromY, fromY + inner), to);
      else out.fill(0, to, to + inner);
    }
  }
}

function scatter(
  { outer, inner, extent, others }: MoveCall,
  x: Float64Array,
  index: Float64Array,
  y: Float64Array,
  out: Float64Array,
): void {
  out.set(x);
  for (let o = 0; o < outer; o++) {
    for (let j = 0; j < others; j++) {
      const t = Math.round(index[j]);
      const from = (o * others + j) * inner;
      if (t >= 0 && t < extent) out.set(y.subarray(from, from + inner), (o * extent + t) * inner);
    }
  }
}

function segmentSum(
  { outer, inner, extent, length }: MoveCall,
  x: Float64Array,
  index: Float64Array,
  ends: Float64Array,
  out: Float64Array,
): void {
  out.fill(0);
  for (let o = 0; o < outer; o++) {
    for (let r = 0; r < length; r++) {
      for (let t = ends[r]; t < ends[r + 1]; t++) {
        const from = (o * extent + Math.round(index[t])) * inner;
        for (let i = 0; i < inner; i++) out[(o * length + r) * inner + i] += x[from + i];
      }
    }
  }
}
