/** The worker that trains on images. */
import { convolutionNetwork } from '../../src/index.ts';
import { serveRuns } from './serve.ts';

serveRuns(({ channels, activation, margin, solver, tolerance }, { featureShape, outputs }) => {
  const [columns, rows, inputChannels = 1] = [...featureShape].reverse();
  const shape = [inputChannels, rows, columns] as const;
  return convolutionNetwork({ shape, outputs, channels, activation, margin, solver, tolerance });
});
