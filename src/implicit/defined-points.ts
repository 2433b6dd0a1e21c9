/**
 * Points at which F is finite, for samples that failed: gradients that samples share add up 0 times their derivatives,
 * which must not be 0 times NaN.
 */
import { asColumn } from '../solvers/monitor.ts';
import { elementwise, product, reduceAll, reduceRows } from '../tensor/kernels.ts';
import type { Tensor } from '../tensor/tensor.ts';
import type { ImplicitSystem } from './system.ts';

/**
 * A point for each sample at which F is finite, [batch, n]: its start or, if F is not finite there, the solution of
 * another sample.
 * @param residual of x, [batch]
 */
export function findDefinedPoints(system: ImplicitSystem, start: Tensor, x: Tensor, residual: Tensor): Tensor {
  const isUndefined = countNotFinite(system.residual(start, system.image(start)));
  return elementwise('select', [asColumn(isUndefined), copierOfLastDefined(residual)(x), start]);
}

/** Where F is linearised, and with which inputs. */
export interface DefinedPoint {
  /** [batch, n] */
  readonly x: Tensor;
  readonly inputs: readonly Tensor[];
}

/**
 * The point at which to linearise. A failed sample whose cotangent is 0 takes its start in place of x and, in inputs with
 * a row for each sample, the row of a sample that did not fail.
 * @param others the cotangent, the start and the residual of x
 */
export function chooseDefinedPoint(
  system: ImplicitSystem,
  x: Tensor,
  [v, start, residual]: readonly Tensor[],
): DefinedPoint {
  const { context, shape } = x;
  const { batch } = system.rows;
  const zero = context.constant({ kind: 'fill', value: 0 }, [1]);
  const asked = reduceRows('maximumAbsolute', [context.alias(v, shape)]);
  const replaced = asColumn(elementwise('select', [asked, zero, countNotFinite(residual)]));
  const point = elementwise('select', [replaced, context.alias(start, shape), x]);
  if (batch === 1) return { x: point, inputs: system.inputs }; // there is no other sample to take a row of
  const areBySample = system.findInputsBySample(point);
  const copyLastDefined = copierOfLastDefined(residual);
  const inputs = system.inputs.map((input, index) => {
    if (!areBySample[index]) return input;
    const rows = context.alias(input, [batch, input.size / batch]);
    return context.alias(elementwise('select', [replaced, copyLastDefined(rows), rows]), input.shape);
  });
  return { x: point, inputs };
}

/** A function that copies the row of the last sample whose residual is finite to all samples; 0 if there is none. */
function copierOfLastDefined(residual: Tensor): (x: Tensor) => Tensor {
  const { context, size: batch } = residual;
  const zero = context.constant({ kind: 'fill', value: 0 }, [1]);
  const isDefined = elementwise('scale', [countNotFinite(residual)], [-1, 1]);
  const numbers = Array.from({ length: batch }, (_, sample) => sample + 1);
  const number = elementwise('multiply', [isDefined, context.constant({ kind: 'values', values: numbers }, [batch])]);
  const last = elementwise('scale', [reduceAll('maximum', number)], [1, -0.5]);
  const isLast = elementwise('multiply', [isDefined, elementwise('greater', [number, last])]);
  const ones = context.constant({ kind: 'fill', value: 1 }, [batch, 1]);
  return (x) => {
    const found = elementwise('select', [asColumn(isDefined), x, zero]);
    return product(ones, product(context.alias(isLast, [1, batch]), found));
  };
}

/** 1 for each sample whose number is NaN or infinite, [batch]. */
function countNotFinite(numbers: Tensor): Tensor {
  return reduceRows('countNotFinite', [asColumn(numbers)]);
}
