/**
 * Iterations of Peaceman-Rachford splitting under the stopping rule of the code of Winston & Kolter (2020): the
 * relative change of the whole batch, ‖z⁺ − z‖ / (1e-6 + ‖z⁺‖) ≤ tolerance. Only for comparison with their counts: a
 * change can be small far from the solution.
 */
import type { Engine, Tensor } from '../src/index.ts';
import { type Equation, normsFrom, preActivation } from '../src/solvers/equation.ts';
import { proximalMapOfJacobian } from '../src/solvers/jacobian.ts';
import { transposeMap, transposeResolvent } from '../src/solvers/linear-map.ts';
import { tracedMatrix } from '../src/solvers/maps/matrix.ts';
import { jacobianAt, proximalMapOf } from '../src/solvers/nonlinearity.ts';
import { peacemanRachford } from '../src/solvers/peaceman-rachford.ts';
import { resolventOf } from '../src/solvers/resolvent.ts';
import { elementwise, reduceAll, reduceRows } from '../src/tensor/kernels.ts';
import type { LoopContext } from '../src/tensor/tensor.ts';

interface StepRuleProblem {
  readonly W: Tensor;
  readonly b: Tensor;
  /** The cotangent of the backward solve. */
  readonly v: Tensor;
  readonly margin: number;
}

const LIMIT = 60;
const relu = { name: 'relu', parameters: [0, 0] } as const;

export async function stepRuleCounts(
  engine: Engine,
  { W, b, v, margin }: StepRuleProblem,
  tolerances: readonly number[],
): Promise<{ forward: number[]; backward: number[] }> {
  const inputs = [W, b, v, engine.tensor([margin])];
  const [forward, backward] = engine.run('step rule', inputs, ([w, bias, cotangent, m], tracing) => {
    const map = tracedMatrix(w, tracing);
    const norms = normsFrom(map.norms());
    const tolerance = tracing.constant({ kind: 'fill', value: 1e-10 }, [1]);
    const resolvent = resolventOf(map, { margin: m, norms, step: undefined, tolerance });
    const common = { margin: m, norms, step: undefined };
    const layer: Equation = { ...common, map, resolvent, b: bias, sigma: proximalMapOf(relu) };
    const solved = iterate(tracing, layer);
    const p = preActivation(layer, solved.z);
    const J = jacobianAt(relu, p, tracing.constant({ kind: 'fill', value: 0 }, [1]), 0);
    const sigma = proximalMapOfJacobian(J, (x) => reduceRows('norm', [x]));
    const transposed = { map: transposeMap(map), resolvent: transposeResolvent(resolvent) };
    const adjoint = iterate(tracing, { ...common, ...transposed, b: cotangent, sigma });
    return [stack(tracing, solved.relative), stack(tracing, adjoint.relative)];
  });
  const counts = (relative: ArrayLike<number>): number[] =>
    tolerances.map((tolerance) => Array.from(relative).findIndex((step) => step <= tolerance) + 1);
  return { forward: counts(await forward.data()), backward: counts(await backward.data()) };
}

/** The relative change in each iteration, and the last z. The first z is 0. */
function iterate(tracing: LoopContext, equation: Equation): { z: Tensor; relative: Tensor[] } {
  const zeros = tracing.constant({ kind: 'fill', value: 0 }, equation.b.shape);
  const begun = peacemanRachford.begin(tracing, equation, zeros, equation.b);
  const relative: Tensor[] = [];
  let [x, z] = [begun.start.x, begun.solution(begun.start.x)];
  for (let iteration = 0; iteration < LIMIT; iteration++) {
    x = begun.step({ x }).next.x;
    const next = begun.solution(x);
    const size = elementwise('scale', [reduceAll('norm', next)], [1, 1e-6]);
    relative.push(elementwise('divide', [reduceAll('norm', elementwise('subtract', [next, z])), size]));
    z = next;
  }
  return { z, relative };
}

function stack(tracing: LoopContext, numbers: readonly Tensor[]): Tensor {
  return numbers.reduce<Tensor>(
    (all, one, index) => {
      const values = numbers.map((_, place) => (place === index ? 1 : 0));
      return elementwise('select', [tracing.constant({ kind: 'values', values }, [values.length]), one, all]);
    },
    tracing.constant({ kind: 'fill', value: 0 }, [numbers.length]),
  );
}
