/** Traces functions of tensors as Programs, and makes the keys under which they are cached. */
import type { CallWithoutSlots } from '../program/trace.ts';
import type { Traced } from './program-cache.ts';
import { formatShape, type Shape } from './shape.ts';
import type { LoopContext, Tensor } from './tensor.ts';
import { Tracing } from './tracing.ts';

/** A function of tensors that can be traced. */
export type Build = (inputs: Tensor[], tracing: Tracing) => readonly Tensor[];

/** @param name of the Program, for error messages */
export function traceProgram(name: string, context: LoopContext, inputs: readonly Tensor[], build: Build): Traced {
  const tracing = new Tracing(name, context);
  const outputs = build(
    inputs.map((input) => tracing.input(input.shape)),
    tracing,
  );
  return { program: tracing.finish(outputs), shapes: outputs.map((output) => output.shape) };
}

/** A Program of one kernel call, and its cache key. Inputs that are undefined are no inputs of the Program. */
export function callAsProgram(
  call: CallWithoutSlots,
  inputs: readonly (Tensor | undefined)[],
  shape: Shape,
): { key: string; build: Build } {
  return {
    // The shape belongs to the key: with extents of 1, the same call makes both [1, 2] and [2, 1].
    key: `${JSON.stringify(call)} ${inputs.map((input) => (input ? '1' : '0')).join('')} ${formatShape(shape)}`,
    build(traced, tracing) {
      let next = 0;
      const operands = inputs.map((input) => (input ? traced[next++] : undefined));
      return [tracing.call(call, operands, shape)];
    },
  };
}

/** The cache key of a Program that depends on this key and the shapes of its inputs alone. */
export function createShapeKey(key: string, inputs: readonly Tensor[]): string {
  let full = `${key} `;
  for (const { shape } of inputs) full += keyOf(shape);
  return full;
}

/** The cache key of a Program that has been traced: equal Programs have the same key. */
export function createContentKey(
  { program: { constants, ...program }, shapes }: Traced,
  inputs: readonly Tensor[],
): string {
  const all = [...inputs.map(({ shape }) => shape), ...shapes].map(formatShape);
  return JSON.stringify([program, [...constants], all]);
}

/** A text that differs for different shapes. */
function keyOf(shape: Shape): string {
  let key = '[';
  for (const extent of shape) key += `${extent},`;
  return key;
}
