/**
 * Trains a deep equilibrium layer with a transition of its own on the digits: `npm run example -- deep-equilibrium
 * --backend cpu --epochs 3`.
 */
import { parseArgs } from 'node:util';
import { digits } from '../../src/data/index.ts';
import {
  adam,
  type BackendName,
  dense,
  type Layer,
  open,
  type SolveRecord,
  sequential,
  train,
} from '../../src/index.ts';
import { cell, INPUTS } from './layer.ts';

const { values } = parseArgs({
  options: { backend: { type: 'string' }, epochs: { type: 'string', default: '3' } },
});
const epochs = Number(values.epochs);
if (!Number.isInteger(epochs) || epochs < 1) throw new RangeError('--epochs: it must be a positive integer');

const WIDTH = 24;
/** Rows that are looked at one by one. */
const ROWS = 3;

const engine = await open({ backend: values.backend as BackendName | undefined });
const data = await digits();

/** Solves for some rows, and says what the report tells of each. */
async function examine(name: string, layer: Layer): Promise<void> {
  const model = sequential(layer);
  model.initialise(engine, 0);
  const solves: SolveRecord[] = [];
  model.forward(engine.tensor(data.test.inputs.slice(0, ROWS * INPUTS), [ROWS, INPUTS]), { solves });
  const { samples } = await solves[0].report;
  console.log(`${name}: ${samples.map(({ status, iterations }) => `${status} after ${iterations}`).join(', ')}`);
  model.dispose();
}

try {
  const model = sequential(cell({ width: WIDTH, bound: 0.9, reach: 0.2 }), dense({ inputs: WIDTH, outputs: 10 }));
  await train(engine, model, data, {
    epochs,
    batch: 64,
    optimiser: adam({ rate: 5e-3 }),
    validation: data.test,
    onProgress(progress) {
      if (progress.kind !== 'epoch') return;
      const { iterationsForward, iterationsBackward, validation } = progress;
      console.log(
        `epoch ${progress.epoch}: accuracy ${(100 * (validation?.accuracy ?? 0)).toFixed(1)} %, ` +
          `${iterationsForward.toFixed(1)} iterations forward, ${iterationsBackward.toFixed(1)} backward`,
      );
    },
  });
  model.dispose();
  await examine('a large W with its norm held at 0.9', cell({ width: WIDTH, bound: 0.9, reach: 8 }));
  await examine('the same W as it is', cell({ width: WIDTH, reach: 8 }));
} finally {
  engine.close();
}
