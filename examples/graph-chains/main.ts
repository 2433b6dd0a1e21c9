/**
 * Classifies the nodes of directed chains by what stands at the first one, with an implicit graph network and with one of fixed depth: `npm
 * run example -- graph-chains --backend cpu --epochs 60`.
 */
import { parseArgs } from 'node:util';
import { nodeSamples } from '../../src/data/index.ts';
import {
  adam,
  type BackendName,
  dense,
  evaluate,
  implicitNodes,
  type Layer,
  open,
  sequential,
  train,
} from '../../src/index.ts';
import { chains, LENGTH } from './chains.ts';
import { fixedDepth } from './fixed-depth.ts';

const { values } = parseArgs({
  options: { backend: { type: 'string' }, epochs: { type: 'string', default: '60' } },
});
const epochs = Number(values.epochs);
if (!Number.isInteger(epochs) || epochs < 1) throw new RangeError('--epochs: it must be a positive integer');

const WIDTH = 8;
const DEPTH = 5;

const engine = await open({ backend: values.backend as BackendName | undefined });
const data = chains(0);
const { graph, features, labels } = data;
const samples = nodeSamples(labels, data.training);
const farEnds = nodeSamples(labels, data.farEnds);

/** Trains a layer and a classifier after it, and says how often it is right at the far ends of other chains. */
async function report(name: string, layer: Layer): Promise<void> {
  const model = sequential(layer, dense({ inputs: WIDTH, outputs: 2 }));
  await train(engine, model, samples, { epochs, batch: samples.count, optimiser: adam({ rate: 0.02 }) });
  const { accuracy } = await evaluate(model, farEnds);
  console.log(
    `${name}: ${(100 * accuracy).toFixed(1)} % of ${farEnds.count} nodes, ${LENGTH - 1} edges from the first`,
  );
  model.dispose();
}

try {
  // A graph without cycles allows every W; with ‖W‖∞ ≤ 1 nothing grows on the way.
  const implicit = implicitNodes({ graph, features, width: WIDTH, contraction: 1, limit: 400, backwardLimit: 400 });
  await report('implicit', implicit);
  await report(`depth ${DEPTH}`, fixedDepth(engine, data, WIDTH, DEPTH));
} finally {
  engine.close();
}
