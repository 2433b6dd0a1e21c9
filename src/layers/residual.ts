import { createArgumentError, isListOf } from '../arguments/check.ts';
import { add } from '../tensor/operations.ts';
import { describeLayer, type LayerDescription } from './description.ts';
import { takingImages } from './image-options.ts';
import { checkOutput, type ForwardPass, type Layer, type Memory } from './layer.ts';
import { PartOfMap } from './part-of-map.ts';
import { sequential } from './sequential.ts';

/**
 * The layer x + F(x), where F is layers one after the other (He et al., "Deep residual learning for image recognition",
 * 2016). F gives what it takes: rows of the same width, and images of the same shape. A residual may hold others.
 *
 * Its parameters are those of its layers: parameter W of layer 0, a `dense`, is `0.dense.W`.
 * @throws RangeError where there is no layer, or the layers do not fit together
 */
export function residual(...layers: Layer[]): Layer {
  if (layers.length === 0) throw new RangeError('residual: no layers were given; at least one is needed');
  sequential(...layers); // checks that they fit
  const [first, last] = [layers[0], layers[layers.length - 1]];
  const { inputs, inputShape } = first;
  if (last.outputs !== inputs) {
    throw new RangeError(
      `residual: the last layer (${last.kind}) gives ${last.outputs} outputs; it must give ${inputs}, as many as the first takes`,
    );
  }
  first.checkBefore?.(last);
  const counts = layers.map(({ parameters }) => parameters.length);
  const own = <Value>(all: readonly Value[], index: number): Value[] => {
    const start = counts.slice(0, index).reduce((sum, count) => sum + count, 0);
    return all.slice(start, start + counts[index]);
  };
  const isTuned = layers.some(({ tuning }) => tuning);
  const isProjected = layers.some(({ project }) => project);
  return {
    kind: 'residual',
    inputs,
    outputs: inputs,
    ...(inputShape && takingImages('residual', inputShape)),
    outputShape: last.outputShape ?? inputShape,
    ...(layers.every(({ options }) => options) && { options: { layers: layers.map(describeLayer) } }),
    parameters: layers.flatMap(({ kind, parameters }, index) =>
      parameters.map((each) => ({ ...each, name: `${index}.${kind}.${each.name}`, initial: each.initial.bind(each) })),
    ),
    tuning: isTuned
      ? {
          isDue: (memory, step) => layers.some(({ tuning }, at) => tuning?.isDue(partOf(memory, at), step)),
          async tune(x, parameters, memory, step) {
            let input = x;
            for (const [index, layer] of layers.entries()) {
              const remembered = partOf(memory, index);
              const values = own(parameters, index);
              if (layer.tuning?.isDue(remembered, step)) await layer.tuning.tune(input, values, remembered, step);
              input = layer.forward(input, values, { solves: [], memory: remembered });
            }
          },
        }
      : undefined,
    ...(isProjected && {
      project: (parameters) =>
        layers.flatMap((layer, index) => layer.project?.(own(parameters, index)) ?? own(parameters, index)),
    }),
    forward: (x, parameters, pass) =>
      add(
        x,
        layers.reduce((input, layer, index) => {
          const output = layer.forward(input, own(parameters, index), passOf(pass, index));
          return checkOutput(`residual: layer ${index} (${layer.kind})`, output, [x.shape[0], layer.outputs]);
        }, x),
      ),
  };
}

/** Makes a residual from its options, for a checkpoint. */
export function residualFrom(
  { layers }: { layers: readonly LayerDescription[] },
  make: (description: LayerDescription) => Layer,
): Layer {
  if (!isListOf(layers, () => true)) throw createArgumentError('residual: layers', layers, 'a list of descriptions');
  return residual(...layers.map(make));
}

/** What a layer inside of it remembers: the entries of the memory whose names start with its number. */
function partOf({ numbers, tensors }: Memory, index: number): Memory {
  const prefix = `${index}.`;
  return { numbers: new PartOfMap(numbers, prefix), tensors: new PartOfMap(tensors, prefix) };
}

function passOf(pass: ForwardPass, index: number): ForwardPass {
  const { training, memory } = pass;
  const random = training?.random.fork(`layer ${index}`);
  return { ...pass, memory: partOf(memory, index), training: training && random && { ...training, random } };
}
