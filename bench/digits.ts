/**
 * Trains the README's model on the digits and draws the run: `npm run picture`.
 * Writes bench/results/digits.svg and the figures behind it, bench/results/digits.json.
 */
import { mkdir, writeFile } from 'node:fs/promises';
import { digits } from '../src/data/index.ts';
import { adam, dense, type EpochProgress, monotone, open, sequential, stepDecay, train } from '../src/index.ts';
import { LoadWatch } from './load.ts';
import { drawRun } from './picture.ts';

/** Relative to the folder of the package, where npm runs scripts. */
const results = 'bench/results';
const engine = await open();
const data = await digits();
const model = sequential(monotone({ inputs: 64, width: 100, margin: 1 }), dense({ inputs: 100, outputs: 10 }));
const watch = new LoadWatch();
const started = performance.now();
const { epochs } = await train(engine, model, data, {
  epochs: 40,
  batch: 64,
  optimiser: adam({ rate: stepDecay(1e-2, { factor: 0.1, every: 15 }) }),
  validation: data.test,
  onProgress(progress) {
    if (progress.kind === 'epoch') console.log(`epoch ${progress.epoch}: loss ${progress.loss.toFixed(5)}`);
  },
});
const seconds = (performance.now() - started) / 1000;
const others = watch.share();
const run = {
  backend: engine.backend,
  adapter: engine.adapter.description,
  seconds: Math.round(seconds),
  ...(others !== undefined && { others }),
  epochs: epochs.map((epoch: EpochProgress) => ({
    epoch: epoch.epoch,
    loss: epoch.loss,
    accuracy: epoch.accuracy,
    heldOut: epoch.validation?.accuracy ?? 0,
    iterationsForward: epoch.iterationsForward,
    iterationsBackward: epoch.iterationsBackward,
  })),
};
engine.close();
await mkdir(results, { recursive: true });
await writeFile(`${results}/digits.json`, `${JSON.stringify(run, undefined, 1)}\n`);
await writeFile(`${results}/digits.svg`, drawRun(run));
console.log(`${run.seconds} s, held-out accuracy ${run.epochs[run.epochs.length - 1].heldOut}`);
