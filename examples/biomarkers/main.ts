/**
 * Finds the measurements that tell two kinds of patients apart: `npm run example -- biomarkers --patients 38
 * --measurements 7129 --seed 1`.
 */
import { parseArgs } from 'node:util';
import { type BackendName, open } from '../../src/index.ts';
import { accuracyOf, choose } from './choose.ts';
import { drawPatients } from './patients.ts';

const FOLDS = 5;
/** Patients on whom the model is judged. */
const OTHERS = 500;

const { values } = parseArgs({
  options: {
    backend: { type: 'string', default: 'cpu' },
    patients: { type: 'string', default: '38' },
    measurements: { type: 'string', default: '7129' },
    seed: { type: 'string', default: '1' },
  },
});

function readCount(name: 'patients' | 'measurements' | 'seed', least: number): number {
  const count = Number(values[name]);
  if (Number.isInteger(count) && count >= least) return count;
  throw new RangeError(`--${name}: it is "${values[name]}"; it must be an integer from ${least}`);
}

const [count, measurements, seed] = [readCount('patients', 10), readCount('measurements', 10), readCount('seed', 0)];
const markers = [0.2, 0.5, 0.8].map((share) => Math.floor(share * measurements));
const engine = await open({ backend: values.backend as BackendName });
try {
  const { result, used } = await choose(engine, drawPatients(count, measurements, markers, seed), FOLDS);
  console.log(`${count} patients, ${measurements} measurements, ${FOLDS} folds (backend ${engine.backend})`);
  for (const { logLambda, value, slope } of result.visited) {
    console.log(`log λ ${logLambda.toFixed(3)}: loss ${value.toFixed(4)}, derivative ${slope?.toFixed(4)}`);
  }
  console.log(
    `chosen: log λ ${result.logLambda.toFixed(3)} (${result.ended}), after ${result.solves} fits; ${result.certificate.status}`,
  );
  console.log(`measurements that matter: ${markers.join(', ')}`);
  console.log(`measurements in use:      ${used.join(', ') || 'none'}`);
  const others = drawPatients(OTHERS, measurements, markers, seed + 1);
  console.log(`of ${OTHERS} other patients ${(100 * accuracyOf(result, others)).toFixed(1)} % are told apart`);
} finally {
  engine.close();
}
