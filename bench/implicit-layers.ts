/**
 * The layers that are equations, side by side on the digits: held-out accuracy, iterations and seconds.
 * Usage: `npm run implicit-layers -- [--epochs 10] [--width 50] [--write]`
 */
import { writeFile } from 'node:fs/promises';
import { parseArgs } from 'node:util';
import { digits } from '../src/data/index.ts';
import {
  adam,
  contractive,
  dense,
  equilibrium,
  type Layer,
  monotone,
  open,
  sequential,
  spectralNormalisation,
  train,
} from '../src/index.ts';
import { uniformParameter } from '../src/layers/layer.ts';
import { describeRun } from './command.ts';
import { LoadWatch } from './load.ts';

const RESULTS = 'bench/results/implicit-layers.json';
const INPUTS = 64;
const OUTPUTS = 10;

const { values } = parseArgs({
  options: {
    epochs: { type: 'string', default: '10' },
    width: { type: 'string', default: '50' },
    write: { type: 'boolean' },
  },
});
const [epochs, width] = [Number(values.epochs), Number(values.width)];

/** z = tanh(Wz + Ux) with ‖W‖₂ ≤ 0.9 up to the power iteration. */
const transition = (jacobianPenalty: number): Layer =>
  equilibrium({
    inputs: INPUTS,
    width,
    parameters: [uniformParameter('W', [width, width], width), uniformParameter('U', [INPUTS, width], INPUTS)],
    prepare: (x, W, U) => [x.matmul(U), spectralNormalisation(W, { bound: 0.9 })],
    transition: (z, Ux, W) => z.matmul(W).add(Ux).tanh(),
    jacobianPenalty,
  });

const LAYERS: Readonly<Record<string, () => Layer>> = {
  monotone: () => monotone({ inputs: INPUTS, width }),
  'contractive, parametrised': () => contractive({ inputs: INPUTS, width }),
  'contractive, projected': () => contractive({ inputs: INPUTS, width, constraint: 'project' }),
  equilibrium: () => transition(0),
  'equilibrium, Jacobian penalty 0.1': () => transition(0.1),
};

const engine = await open({ backend: 'wasm' });
const data = await digits();
const found = [];
for (const [name, layer] of Object.entries(LAYERS)) {
  const model = sequential(layer(), dense({ inputs: width, outputs: OUTPUTS }));
  const watch = new LoadWatch();
  const started = performance.now();
  const history = await train(engine, model, data, {
    epochs,
    batch: 64,
    optimiser: adam({ rate: 5e-3 }),
    validation: data.test,
  });
  const last = history.epochs[history.epochs.length - 1];
  const others = watch.share();
  const one = {
    layer: name,
    accuracy: last.validation?.accuracy ?? 0,
    iterationsForward: last.iterationsForward,
    iterationsBackward: last.iterationsBackward,
    seconds: Number(((performance.now() - started) / 1000).toFixed(1)),
    ...(others !== undefined && { others: Number(others.toFixed(2)) }),
  };
  found.push(one);
  console.log(
    `${name}: accuracy ${one.accuracy.toFixed(4)}, iterations ${one.iterationsForward.toFixed(1)} and ${one.iterationsBackward.toFixed(1)}, ${one.seconds} s`,
  );
  model.dispose();
}
engine.close();
if (values.write) {
  await writeFile(
    RESULTS,
    `${JSON.stringify({ ...describeRun(), backend: 'wasm', epochs, width, layers: found }, null, 2)}\n`,
  );
  console.log(`wrote ${RESULTS}`);
}
