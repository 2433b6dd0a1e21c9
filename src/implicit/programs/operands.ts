/** The data of a batch of programs of any kind, and where they start, on a device whose kernels solve them. */
import { type ProgramOperand, wordsOf } from '../../solvers/programs/kernels.ts';
import { createWide } from '../../solvers/programs/wide.ts';
import type { Engine } from '../../tensor/engine.ts';
import { elementwise } from '../../tensor/kernels.ts';
import { isTensor, type Tensor } from '../../tensor/tensor.ts';
import type { Datum } from './datum.ts';
import { denseRows } from './dense-rows.ts';

/** The data on the device, as the kernels take them. */
export type Operands<Name extends string> = Readonly<Record<Name, ProgramOperand>>;

/**
 * Aliases of the data that are tensors, and tensors for those that were given as arrays, which stay float64. All belong
 * to the arena of the data.
 */
export function createOperands<Name extends string>(
  engine: Engine,
  data: readonly Datum<unknown, Name>[],
  beside: Tensor | undefined,
): Operands<Name> {
  const maker: Pick<Engine, 'tensor'> = {
    tensor: (values, shape = [values.length]) =>
      beside ? engine.upload(values, shape, beside) : engine.tensor(values, shape),
  };
  const operandOf = (datum: Datum<unknown, Name>): ProgramOperand => {
    if (datum.tensor) return engine.alias(datum.tensor, datum.tensor.shape);
    const shape = [...(datum.batch === undefined ? [] : [datum.batch]), ...datum.extents];
    return createWide(maker, denseRows(datum), shape);
  };
  return Object.fromEntries(data.map((datum) => [datum.name, operandOf(datum)])) as unknown as Operands<Name>;
}

/** The tensors of operands. */
export function tensorsOf<Name extends string>(operands: Operands<Name>): Tensor[] {
  return Object.values<ProgramOperand>(operands).map(wordsOf);
}

/** A part of a start, [batch, length]. @param given of `length` numbers for all programs alike, or for each */
export function rowsOfStart(engine: Engine, given: Tensor | ArrayLike<number>, batch: number, length: number): Tensor {
  return engine.runLasting(() => {
    const numbers = isTensor(given) ? engine.keepAlias(given) : engine.tensor(given);
    const row = engine.alias(numbers, numbers.size === length ? [1, length] : [batch, length]);
    const zeros = engine.constant({ kind: 'fill', value: 0 }, [batch, length]);
    const rows = elementwise('add', [zeros, row]);
    for (const used of [numbers, row, zeros]) used.dispose();
    return rows;
  });
}
