/** The same training run for every backend and environment. */
import { digits } from '../../src/data/index.ts';
import { adam, type BackendName, dense, monotone, open, sequential, train } from '../../src/index.ts';

export interface TrainingRun {
  readonly backend: string;
  readonly losses: readonly number[];
  /** Live buffers and bytes after step 5 and after the last step but one, when nothing more is under way. */
  readonly memory: readonly { readonly buffers: number; readonly bytes: number }[];
}

/** Trains a monotone layer on the digits for `steps` steps from seed 0. */
export async function trainSteps(
  backend: BackendName | undefined,
  steps: number,
  width: number,
  batch: number,
  tolerance: number,
): Promise<TrainingRun> {
  const engine = await open({ backend });
  try {
    const model = sequential(monotone({ inputs: 64, width, tolerance }), dense({ inputs: width, outputs: 10 }));
    const memory: { buffers: number; bytes: number }[] = [];
    let step = 0;
    const { losses } = await train(engine, model, await digits(), {
      epochs: 1000,
      batch,
      maximumSteps: steps,
      optimiser: adam({ rate: 1e-2 }),
      onProgress({ kind }) {
        if (kind !== 'step') return;
        step += 1;
        const { buffers, bytes } = engine.memory();
        if (step === 5 || step === steps - 1) memory.push({ buffers, bytes });
      },
    });
    return { backend: engine.backend, losses, memory };
  } finally {
    engine.close();
  }
}
