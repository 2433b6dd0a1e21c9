import { type Checks, readOptions } from '../arguments/options.ts';
import { concat } from '../tensor/arrange.ts';
import { checkSelection, maximum, reshape } from '../tensor/operations.ts';
import type { Tensor } from '../tensor/tensor.ts';
import { type AveragePoolingOptions, readPooling } from './average-pooling.ts';
import { takingImages } from './image-options.ts';
import type { Layer } from './layer.ts';
import { everyLine, type Steps } from './strided.ts';

/** Options of `maximumPooling`. */
export interface MaximumPoolingOptions extends Omit<AveragePoolingOptions, 'padding'> {
  /** Rows and columns on each side that are not there, at most half a window: they are never the greatest. Default 0. */
  padding?: AveragePoolingOptions['padding'];
  /**
   * q from 0 to 1: which element is taken where the greatest numbers of a window tie. 1 takes the first of them in the
   * order of rows, as PyTorch does, and 0 the last. Default 1.
   */
  selection?: number;
}

const OPTIONS: Checks<MaximumPoolingOptions> = { channels: 0, size: 0, window: 0, stride: 0, padding: 0, selection: 0 };

/**
 * The layer whose numbers are the greatest of windows, channel by channel, as `MaxPool2d` of PyTorch computes them. Images
 * that come out have ⌊(size + 2·padding − window)/stride⌋ + 1 rows and columns; a remainder is left out.
 *
 * It consists of `maximum` of pairs, first along columns and then along rows, so that ties are kinks of that operation:
 * reports and certificates count them, and a selection for a whole gradient, such as `{ maximum: 0.5 }`, reaches them.
 * @throws RangeError where an option is wrong, or a window is larger than the image with its padding
 */
export function maximumPooling(options: MaximumPoolingOptions): Layer {
  const { selection = 1, ...windows } = readOptions('maximumPooling', options, OPTIONS, 'channels', 'size', 'window');
  checkSelection('maximumPooling', selection);
  const { shape, output, given, size, window, stride, padding } = readPooling('maximumPooling', windows);
  const [channels, rows, columns] = shape;
  const alongAxis = (x: Tensor, axis: 0 | 1): Tensor =>
    greatest(x, runsOf(size[axis], window[axis], stride[axis], padding[axis], output[axis + 1]), selection);
  return {
    kind: 'maximumPooling',
    inputs: channels * rows * columns,
    outputs: channels * output[1] * output[2],
    ...takingImages('maximumPooling', shape),
    outputShape: output,
    options: { ...given, selection },
    parameters: [],
    forward(x) {
      const [batch] = x.shape;
      const ofColumns = alongAxis(reshape(x, [batch, channels * rows, columns, 1]), 1);
      const ofRows = alongAxis(reshape(ofColumns, [batch, channels, rows, output[2]]), 0);
      return reshape(ofRows, [batch, channels * output[1] * output[2]]);
    },
  };
}

/** Windows one after the other that lie in the image with the same lines of theirs. */
interface Run {
  /** For each of these lines, the lines of the image that it meets. */
  readonly taps: readonly Steps[];
}

/** Divides windows into runs: those inside of the image, and those that reach over its border. */
function runsOf(extent: number, window: number, stride: number, padding: number, count: number): Run[] {
  const runs: { first: number; last: number; from: number; to: number }[] = [];
  for (let at = 0; at < count; at++) {
    const start = at * stride - padding;
    const [from, to] = [Math.max(0, -start), Math.min(window, extent - start)];
    const run = runs[runs.length - 1];
    if (run && run.from === from && run.to === to) run.last = at;
    else runs.push({ first: at, last: at, from, to });
  }
  return runs.map(({ first, last, from, to }) => ({
    taps: Array.from({ length: to - from }, (_, tap) => ({
      first: first * stride - padding + from + tap,
      step: stride,
      count: last - first + 1,
    })),
  }));
}

/** The greatest of each window along the axis before the last. @param x [batch, images, extent, inner] */
function greatest(x: Tensor, runs: readonly Run[], selection: number): Tensor {
  const [batch, images, extent, inner] = x.shape;
  const lines = reshape(x, [batch * images, extent, inner]);
  const parts = runs.map(({ taps }) =>
    taps.map((steps) => everyLine(lines, steps)).reduce((most, next) => maximum(most, next, { selection })),
  );
  const joined = parts.length === 1 ? parts[0] : concat(parts, 1);
  return reshape(joined, [batch, images, joined.shape[1], inner]);
}
