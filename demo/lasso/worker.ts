/** The worker that solves Lassos. */
import { DataError, diabetes, type RegressionData, tableRegression } from '../../src/data/index.ts';
import { type Engine, open } from '../../src/index.ts';
import { countOf } from '../page/words.ts';
import { inspectTable } from '../tables/facts.ts';
import { listRemarks, readChosenTable } from '../tables/read.ts';
import { serveCalls } from '../workers/calls.ts';
import { findKnots } from './knots.ts';
import { createHeldOutProblem, FOLDS, type HeldOutProblem, solveFigures, solvePoints, tuneProblem } from './problem.ts';
import type { LassoCalls, PathSummary, RegressionSource } from './protocol.ts';

/** The path ends this far below log λ_max, that is at λ_max/1000. */
const DEPTH = Math.log(1000);
/** The number of points of the path. */
const POINTS = 70;

let engine: Promise<Engine> | undefined;
let problem: HeldOutProblem | undefined;

serveCalls<LassoCalls>(self, {
  inspect: inspectTable,
  async open({ source, seed }) {
    const { data, columns, remarks } = await readRegression(source);
    engine ??= open({ backend: 'cpu' });
    const made = createHeldOutProblem(await engine, data, seed);
    problem = made;
    const path = await solvePoints(made, spaceLogLambdas(made));
    const { name, target, featureNames } = data;
    return { name, target, columns, featureNames, remarks, rows: made.rows, path };
  },
  knots: async () => findKnots(requireProblem(), spaceLogLambdas(requireProblem())),
  at: (logLambda) => solveFigures(requireProblem(), logLambda),
  tune: (start, tell, signal) => tuneProblem(requireProblem(), start, tell, signal),
});

function requireProblem(): HeldOutProblem {
  if (!problem) throw new Error('the Lasso: no data have been opened yet');
  return problem;
}

/** Spaces log λ evenly, ascending. The path ends a little above log λ_max, so that the first knot lies inside. */
function spaceLogLambdas({ largest }: HeldOutProblem): number[] {
  const above = 0.15;
  return Array.from({ length: POINTS }, (_, index) => largest - DEPTH + ((DEPTH + above) * index) / (POINTS - 1));
}

interface ReadData extends Pick<PathSummary, 'columns' | 'remarks'> {
  readonly data: RegressionData;
}

async function readRegression(source: RegressionSource): Promise<ReadData> {
  if (source.kind === 'diabetes') return { data: await diabetes(), columns: [], remarks: [] };
  const { table, data } = await readChosenTable(source, tableRegression);
  if (data.count < 2 * FOLDS)
    throw new DataError(`${data.name}: ${countOf(data.count, 'row')} are too few to hold some out`);
  return { data, columns: table.columns, remarks: listRemarks(source.choice, data) };
}
