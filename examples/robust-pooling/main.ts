/**
 * Learns the scale of robust pooling from rows with outliers: `npm run example -- robust-pooling --backend cpu --steps 40`.
 */
import { parseArgs } from 'node:util';
import {
  type BackendName,
  median,
  open,
  type PoolingPenalty,
  robustPooling,
  type Tensor,
  valueAndGrad,
} from '../../src/index.ts';
import { type Measurements, measure } from './measurements.ts';

const { values } = parseArgs({
  options: { backend: { type: 'string' }, steps: { type: 'string', default: '40' } },
});
const steps = Number(values.steps);
if (!Number.isInteger(steps) || steps < 1) throw new RangeError('--steps: it must be a positive integer');

/** The rate of the descent on log α, and where it starts. */
const [RATE, START] = [0.5, 3];
const PENALTIES: readonly PoolingPenalty[] = ['pseudo-huber', 'welsch'];

const engine = await open({ backend: values.backend as BackendName | undefined });

async function errorOf(pooled: Tensor, { truth }: Measurements): Promise<number> {
  return Math.sqrt((await pooled.sub(truth).square().mean().data())[0]);
}

/** Gradient descent on log α. */
async function learnScale(penalty: PoolingPenalty, { x, truth }: Measurements): Promise<number> {
  let logScale = Math.log(START);
  for (let step = 0; step < steps; step++) {
    const lossOf = (given: Tensor): Tensor =>
      robustPooling(x, { penalty, scale: given.exp() }).y.sub(truth).square().mean().log();
    const [, [gradient]] = await valueAndGrad(lossOf, [engine.tensor([logScale])]);
    logScale -= RATE * (await gradient.data())[0];
  }
  return Math.exp(logScale);
}

try {
  const [known, others] = [measure(engine, 60, 12, 1), measure(engine, 200, 12, 2)];
  console.log(`errors on rows that were not learnt from (backend ${engine.backend})`);
  console.log(`mean          ${(await errorOf(others.x.mean(1), others)).toFixed(4)}`);
  console.log(`median        ${(await errorOf(median(others.x), others)).toFixed(4)}`);
  for (const penalty of PENALTIES) {
    const scale = await learnScale(penalty, known);
    const [before, after] = [START, scale].map((each) => robustPooling(others.x, { penalty, scale: each }));
    const { status } = await after.certificate();
    console.log(
      `${penalty.padEnd(13)} ${(await errorOf(after.y, others)).toFixed(4)} at the scale ${scale.toFixed(3)}, ` +
        `${(await errorOf(before.y, others)).toFixed(4)} at ${START} (${status})`,
    );
  }
  const narrow = robustPooling(others.x, { penalty: 'huber', scale: 0.1 });
  const { samples } = await narrow.certificate();
  const failed = samples.filter(({ status }) => status === 'failed').length;
  console.log(
    `huber         ${(await errorOf(narrow.y, others)).toFixed(4)} at the scale 0.1, where ${failed} rows have no inlier`,
  );
  const far = engine.tensor([-1.2, 1.2]);
  const refused = await valueAndGrad(
    (x) => robustPooling(x, { penalty: 'welsch', onFailedCertificate: 'ignore' }).y,
    [far],
  )
    .then(([, [gradient]]) => gradient.data())
    .then(
      () => 'a gradient',
      (error: Error) => error.message,
    );
  console.log(`-1.2 and 1.2 under Welsch's penalty: ${refused}`);
} finally {
  engine.close();
}
