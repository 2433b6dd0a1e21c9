/** Whether rows see one another, by numbers: where the trace of a function leaves it open. */
import type { CustomOperation } from '../../autodiff/custom.ts';
import { linearised } from '../../autodiff/jacobian-products.ts';
import { selectablesOn } from '../../autodiff/kinked-operations.ts';
import { random } from '../../data/random.ts';
import { sizeOf } from '../../tensor/shape.ts';
import type { Tensor } from '../../tensor/tensor.ts';
import { atSolution, type ImplicitSystem, type Solved } from '../system.ts';

/**
 * Moves rows at random, and sees whether others move at all: at the solution, with a random element of the conservative Jacobian. A
 * determinant, or any entry of a product, that is 0 at random numbers is 0 for all of them. Two rows differ in a bit of their number,
 * so that two products for each bit are enough.
 * @throws RangeError where they do; told where it is awaited
 */
export function checkRows(solved: Solved): Promise<void> {
  const checking = atSolution(solved, look);
  checking.catch(() => {});
  return checking;
}

async function look(system: ImplicitSystem, x: Tensor): Promise<void> {
  const { batch, n } = system.rows;
  const draws = random(0);
  const { tape, unknown, image } = system.recorded(x);
  try {
    const isUniform = tape.operations.some(({ attributes }) => (attributes as CustomOperation).isSelectable);
    const selection = isUniform
      ? draws.uniform()
      : selectablesOn(tape).map(({ shape }) => {
          const values = Float64Array.from({ length: sizeOf(shape) }, () => draws.uniform());
          return x.context.upload(values, shape, x);
        });
    const linear = linearised(tape, { selection });
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
      // What is not a number was not solved: the report tells.
      const at = Array.from(numbers).findIndex(
        (value, place) => Math.abs(value) > 0 && !groups[group](Math.floor(place / n)),
      );
      if (at >= 0) throw system.mixed({ row: Math.floor(at / n), on: undefined });
    }
  } finally {
    tape.dispose();
  }
}
