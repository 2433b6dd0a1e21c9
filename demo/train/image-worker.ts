/** The worker that trains on images. */
import { averagePooling, dense, monotoneConvolution, sequential } from '../../src/index.ts';
import { serveRuns } from './serve.ts';

serveRuns(({ channels, activation, margin, solver, tolerance }, { featureShape, outputs }) => {
  const [inputChannels, ...size] = [...Array(3 - featureShape.length).fill(1), ...featureShape];
  const layer = monotoneConvolution({
    inputChannels,
    channels,
    size: [size[0], size[1]],
    activation,
    margin,
    solver,
    tolerance,
  });
  return sequential(layer, dense({ inputs: layer.outputs, outputs }));
});
