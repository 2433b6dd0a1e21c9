/** Explains why a solve fails although it converged in earlier steps; the solve itself knows nothing of these. */
import { random } from '../data/random.ts';
import type { ConvergenceError } from '../solvers/report.ts';
import type { Run } from './run.ts';

/** Parameters that have grown by this factor are considered exploded. */
const EXPLODED = 10;

/** Returns the error with advice on the training run, if earlier steps of the run converged. */
export async function explainFailedStep(run: Run, error: ConvergenceError): Promise<ConvergenceError> {
  const { epoch, step, settings, losses } = run;
  if (losses.length === 0 || error.report.timedOut) return error;
  const rate = settings.optimiser.rate(epoch + step / settings.steps, epoch * settings.steps + step);
  const [began, largest] = [largestInitialParameter(run), await largestParameter(run)];
  const before = `${losses.length} ${losses.length === 1 ? 'step' : 'steps'} before converged`;
  const advice =
    largest > EXPLODED * began
      ? `${before}, and the largest parameter has grown from ${began.toPrecision(2)} to ${largest.toPrecision(2)}: they explode. Lower the learning rate, which is ${rate}, or clip the gradients, rather than raise the limit or loosen the tolerance`
      : `${error.advice}. ${before}: a learning rate below ${rate}, or clipped gradients, may keep the parameters where solves converge`;
  return error.advising(advice);
}

/** The largest magnitude in the parameters that `initialise` draws for this seed. */
function largestInitialParameter({ model, settings }: Run): number {
  const generator = random(settings.seed);
  const drawn = model.layers.flatMap(({ parameters }) => parameters.map(({ initial }) => initial(generator)));
  return largestOf(drawn);
}

/** The largest magnitude in the current parameters; NaN where they cannot be read. */
async function largestParameter({ model: { engine, parameters } }: Run): Promise<number> {
  try {
    return largestOf(await Promise.all(parameters.map(({ value }) => engine.download(value))));
  } catch {
    return Number.NaN; // the device is lost, or the parameters belong to a step that is void
  }
}

function largestOf(lists: readonly ArrayLike<number>[]): number {
  let largest = 0;
  for (const values of lists) {
    for (let at = 0; at < values.length; at++) largest = Math.max(largest, Math.abs(values[at]));
  }
  return largest;
}
