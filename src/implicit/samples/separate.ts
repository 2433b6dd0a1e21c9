/** A numerical check that rows do not depend on one another, for functions whose trace leaves this open. */
import type { CustomOperation } from '../../autodiff/custom.ts';
import { createLinearisation } from '../../autodiff/jacobian-products.ts';
import { selectablesOn } from '../../autodiff/kinked-operations.ts';
import { random } from '../../data/random.ts';
import { sizeOf } from '../../tensor/shape.ts';
import type { Tensor } from '../../tensor/tensor.ts';
import { atSolution, type ImplicitSystem, type Solved } from '../system.ts';

/**
 * Checks at the solution that rows do not depend on one another: it moves some rows at random and looks whether others
 * move at all, with a random element of the conservative Jacobian. A polynomial that is 0 at random numbers is 0
 * everywhere, with probability 1. Any two rows differ in some bit of their numbers, so that two products for each bit
 * are enough.
 * @returns a promise that rejects with a RangeError where a row depends on another
 */
export function checkRows(solved: Solved): Promise<void> {
  const checking = atSolution(solved, checkRowsAt);
  checking.catch(() => {});
  return checking;
}

async function checkRowsAt(system: ImplicitSystem, x: Tensor): Promise<void> {
  const { batch, n } = system.rows;
  const draws = random(0);
  const { tape, unknown, image } = system.record(x);
  try {
    const isUniform = tape.operations.some(({ attributes }) => (attributes as CustomOperation).isSelectable);
    const selection = isUniform
      ? draws.uniform()
      : selectablesOn(tape).map(({ shape }) => {
          const values = Float64Array.from({ length: sizeOf(shape) }, () => draws.uniform());
          return x.context.upload(values, shape, x);
        });
    const linear = createLinearisation(tape, { selection });
    const groups = Array.from({ length: Math.ceil(Math.log2(batch)) }, (_, bit) =>
      [0, 1].map((side) => (row: number) => ((row >> bit) & 1) === side),
    ).flat();
    const moved = groups.map((moves) => {
      const values = Float64Array.from({ length: batch * n }, (_, at) => {
        const value = draws.normal();
        return moves(Math.floor(at / n)) ? value : 0;
      });
      const [tangent] = linear.pushforward([unknown], [x.context.upload(values, x.shape, x)], [image]);
      return tangent.data();
    });
    for (const [group, numbers] of (await Promise.all(moved)).entries()) {
      // NaN comes from a sample that was not solved, which the report shows.
      const at = Array.from(numbers).findIndex(
        (value, place) => Math.abs(value) > 0 && !groups[group](Math.floor(place / n)),
      );
      if (at >= 0) throw system.mixingError({ row: Math.floor(at / n), on: undefined });
    }
  } finally {
    tape.dispose();
  }
}
