/** Nodes of one graph as samples. */
import { BOOLEAN, createArgumentError, isListLike, NUMBERS } from '../../arguments/check.ts';
import type { Samples } from '../samples.ts';

/**
 * Samples for node classification with the layer `implicitNodes`: the row of a node holds its number. Those of a training set are the nodes of
 * which the mask is true.
 * @param labels the class of each node, an integer from 0; it is not read where the mask is false
 * @param mask true or false for each node. Default: all nodes
 * @throws RangeError where a label or the mask is wrong, or where no node is left
 */
export function nodeSamples(labels: ArrayLike<number>, mask?: ArrayLike<boolean>): Samples {
  NUMBERS('nodeSamples: labels', labels);
  if (mask !== undefined && (!isListLike(mask) || mask.length !== labels.length)) {
    throw createArgumentError(
      'nodeSamples: mask',
      mask,
      `a list of true or false, one for each of ${labels.length} labels`,
    );
  }
  const chosen: number[] = [];
  for (let node = 0; node < labels.length; node++) {
    const isChosen = mask ? mask[node] : true;
    BOOLEAN(`nodeSamples: mask[${node}]`, isChosen);
    if (!isChosen) continue;
    if (!(Number.isInteger(labels[node]) && labels[node] >= 0)) {
      throw createArgumentError(`nodeSamples: labels[${node}]`, labels[node], 'an integer from 0');
    }
    chosen.push(node);
  }
  if (chosen.length === 0) throw new RangeError('nodeSamples: no node is left; at least one must be');
  return {
    inputs: Float32Array.from(chosen),
    labels: Int32Array.from(chosen, (node) => labels[node]),
    count: chosen.length,
    features: 1,
  };
}
