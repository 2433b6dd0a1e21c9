import { adam, dense, monotone, monotoneFixedPoint, open, sequential, train } from 'equilibra';
import { digits } from 'equilibra/data';

/** Solves an equation whose solution is known, z = (1.6, 1.2), and trains a small network for two steps. */
export async function work(backend) {
  const engine = await open({ backend });
  try {
    const W = engine.tensor([0, 0.5, -0.5, 0], [2, 2]);
    const { z } = monotoneFixedPoint(W, engine.tensor([1, 2], [1, 2]), { activation: 'relu', margin: 1 });
    const { train: samples, classes } = await digits();
    const model = sequential(
      monotone({ inputs: samples.features, width: 8, activation: 'relu', margin: 1 }),
      dense({ inputs: 8, outputs: classes }),
    );
    const optimiser = adam({ rate: 1e-2 });
    const { losses } = await train(engine, model, samples, { epochs: 2, batch: samples.count, optimiser });
    return { z: Array.from(await z.data()), losses };
  } finally {
    engine.close();
  }
}
