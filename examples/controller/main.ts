/**
 * Learns the cost of a model-predictive controller from demonstrations, prints the weights and writes a page with plots:
 * `npm run example -- controller --backend cpu --epochs 60 --output controller.html`.
 */
import { writeFile } from 'node:fs/promises';
import { parseArgs } from 'node:util';
import { type BackendName, open } from '../../src/index.ts';
import { TERMS } from './cart.ts';
import { costOf, distanceBetween, drive } from './controller.ts';
import { demonstrate, drawStates, learn } from './learn.ts';
import { drawPage } from './page.ts';

/** What the expert wants, and nobody else knows. */
const EXPERT = [0.7, 0.1, 0.2];
/** What is seen of an acceleration has an error of this size, m/s². */
const NOISE = 0.03;

const { values } = parseArgs({
  options: {
    backend: { type: 'string' },
    epochs: { type: 'string', default: '60' },
    output: { type: 'string', default: 'controller.html' },
  },
});
const epochs = Number(values.epochs);
if (!Number.isInteger(epochs) || epochs < 1) throw new RangeError('--epochs: it must be a positive integer');

const engine = await open({ backend: values.backend as BackendName | undefined });
const format = (weights: readonly number[]): string =>
  TERMS.map((term, index) => `${term} ${weights[index].toFixed(3)}`).join(', ');
try {
  const demonstrations = await demonstrate(engine, EXPERT, { carts: 6, steps: 10, noise: NOISE, seed: 1 });
  console.log(
    `${demonstrations.length} decisions of an expert, seen with an error of ${NOISE} m/s² (backend ${engine.backend})`,
  );
  const learnt = await learn(engine, demonstrations, { epochs, rate: 0.1 }, (epoch, loss, weights) => {
    if (epoch === 1 || epoch % 10 === 0) console.log(`epoch ${epoch}: loss ${loss.toFixed(5)}, ${format(weights)}`);
  });
  const [before] = learnt.weights;
  const after = learnt.weights[epochs];
  const from = drawStates(10, 100); // none of them was in the demonstrations
  const steps = 24;
  const [expert, naive, own] = [
    await drive(engine, EXPERT, from, steps),
    await drive(engine, before, from, steps),
    await drive(engine, after, from, steps),
  ];
  console.log(`weights of the expert  ${format(EXPERT)}`);
  console.log(`weights learnt         ${format(after)}`);
  const costs = [expert, naive, own].map((each) => costOf(each, EXPERT));
  console.log(
    `cost of driving, by the expert's weights: expert ${costs[0].toFixed(4)}, before learning ${costs[1].toFixed(4)}, after ${costs[2].toFixed(4)}`,
  );
  const [far, near] = [naive, own].map((each) => distanceBetween(each, expert));
  console.log(
    `distance from the drives of the expert: before learning ${far.toFixed(4)} m, after ${near.toFixed(4)} m`,
  );
  await writeFile(values.output, drawPage({ expert, naive, own, learnt, weights: EXPERT, costs }));
  console.log(`wrote ${values.output}`);
} finally {
  engine.close();
}
