/** Tensors as text, for `console.log` and templates. */
import { formatShape, type Shape, sizeOf } from './shape.ts';
import type { SharedStorage } from './shared-storage.ts';
import type { Tensor } from './tensor.ts';

/** The key under which Node and Deno look for what `console.log` shows of an object. */
export const INSPECT: unique symbol = /* @__PURE__ */ Symbol.for('nodejs.util.inspect.custom') as never;

/** Of each axis no more is shown, by rank. */
const SHOWN: Shape = [1, 8, 6, 3, 3];

/** Shape, backend and, where they were read, the numbers as they were then, rounded to five digits. */
export function formatTensor(tensor: Tensor): string {
  const { shape, context, place, isDisposed } = tensor;
  const { seen } = place as SharedStorage;
  const where = isDisposed ? 'disposed' : `on ${context.backend ?? 'no backend: it is traced'}`;
  const numbers = seen && !isDisposed ? `: ${formatNested(seen, shape, SHOWN[shape.length], 0)}` : '';
  return `Tensor ${formatShape(shape)} ${where}${numbers}`;
}

function formatNested(numbers: ArrayLike<number>, [extent, ...inner]: Shape, most: number, start: number): string {
  if (extent === undefined) return String(Number(numbers[start].toPrecision(5)));
  const size = sizeOf(inner);
  const parts: string[] = [];
  for (let at = start; parts.length < Math.min(extent, most) && at < numbers.length; at += size) {
    parts.push(formatNested(numbers, inner, most, at));
  }
  if (parts.length < extent) parts.push('…');
  return `[${parts.join(', ')}]`;
}
