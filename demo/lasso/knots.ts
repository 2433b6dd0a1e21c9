/** Finds where features enter and leave the path, by bisection until the library reports a knot. */
import { findSupports, type HeldOutProblem, solveFigures } from './problem.ts';
import type { Knot } from './protocol.ts';

/** The bisections that are enough to reach the precision of float64. */
const HALVINGS = 48;

/** @param logLambdas in ascending order; of several knots between two neighbours, the one at the greatest λ is found */
export async function findKnots(problem: HeldOutProblem, logLambdas: readonly number[]): Promise<Knot[]> {
  const { supports } = await findSupports(problem, logLambdas);
  let brackets = logLambdas
    .slice(1)
    .flatMap((above, index) =>
      supports[index] === supports[index + 1]
        ? []
        : [{ below: logLambdas[index], above, support: supports[index + 1] }],
    );
  const found: number[] = [];
  for (let halving = 0; halving < HALVINGS && brackets.length > 0; halving++) {
    const middles = brackets.map(({ below, above }) => (below + above) / 2);
    const { supports: there, atKnot } = await findSupports(problem, middles);
    found.push(...middles.filter((_, index) => atKnot[index]));
    brackets = brackets.flatMap((bracket, index) => {
      if (atKnot[index]) return [];
      return [
        there[index] === bracket.support
          ? { ...bracket, above: middles[index] }
          : { ...bracket, below: middles[index] },
      ];
    });
  }
  return Promise.all(found.sort((a, b) => b - a).map((logLambda) => describeKnot(problem, logLambda)));
}

async function describeKnot(problem: HeldOutProblem, logLambda: number): Promise<Knot> {
  const { kinks, left, right } = await solveFigures(problem, logLambda);
  const [feature] = kinks;
  const beside = 1e-6;
  const { supports } = await findSupports(problem, [logLambda - beside]);
  return { logLambda, feature, enters: supports[0].split(' ').includes(String(feature)), left, right };
}
