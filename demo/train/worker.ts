/** The worker that trains on rows of numbers. */
import { dense, monotone, sequential } from '../../src/index.ts';
import { serveRuns } from './serve.ts';

serveRuns(({ width, activation, margin, solver, tolerance }, { featureShape, outputs }) => {
  const inputs = featureShape.reduce((product, extent) => product * extent, 1);
  return sequential(
    monotone({ inputs, width, activation, margin, solver, tolerance }),
    dense({ inputs: width, outputs }),
  );
});
