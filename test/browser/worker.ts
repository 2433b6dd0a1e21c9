/** The script of a worker, as a user writes it. */
import { type BackendName, dense, monotone, open, sequential, serveTraining } from '../../src/index.ts';
import { clouds } from '../support/clouds.ts';

export interface Job {
  readonly backend: BackendName;
  readonly epochs: number;
  /** The solver's limit. */
  readonly limit?: number;
}

serveTraining(self, async ({ backend, epochs, limit }: Job) => ({
  engine: await open({ backend }),
  model: sequential(monotone({ inputs: 2, width: 4, limit }), dense({ inputs: 4, outputs: 3 })),
  data: clouds(20),
  options: { epochs, batch: 10, checkpoint: { extras: { classes: ['a', 'b', 'c'] } } },
}));
