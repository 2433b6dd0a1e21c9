/** Layers written down as JSON, and made again from it. */
import { FUNCTION, OBJECT } from '../arguments/check.ts';
import { shown } from '../arguments/shown.ts';
import { dense } from './dense.ts';
import { dropout } from './dropout.ts';
import { LAYER, type Layer } from './layer.ts';
import { layerNorm } from './layer-norm.ts';
import { monotone } from './monotone.ts';

export interface LayerDescription {
  readonly kind: string;
  readonly inputs: number;
  readonly outputs: number;
  readonly parameters: readonly { readonly name: string; readonly shape: readonly number[] }[];
  /** Absent on a layer that does not tell its options. */
  readonly options?: object;
}

/** Makes layers of one kind from the `options` of their description. */
export type LayerMaker = (options: never) => Layer;

/** Of the layers that most models have. One that brings much code with it is given by whoever uses it. */
const MAKERS: Readonly<Record<string, LayerMaker>> = { dense, dropout, layerNorm, monotone };

export function describeLayer({ kind, inputs, outputs, parameters, options }: Layer): LayerDescription {
  return { kind, inputs, outputs, parameters: parameters.map(({ name, shape }) => ({ name, shape })), options };
}

/**
 * @param own makers of layers that the library does not know, by kind
 * @throws RangeError where the kind is unknown, or the layer made is another one than was described
 */
export function layerFrom(description: LayerDescription, own: Readonly<Record<string, LayerMaker>> = {}): Layer {
  OBJECT('layers: a description', description);
  const { kind, options } = description;
  const maker = [own, MAKERS].find((makers) => Object.hasOwn(makers, kind))?.[kind];
  if (!maker) {
    throw new RangeError(
      `layers: there is no maker for the kind ${shown(kind)}; known are ${[...Object.keys(MAKERS), ...Object.keys(own)].join(', ')}. ` +
        `Give one for a layer of your own: { layers: { ${shown(kind)}: (options) => layer } }`,
    );
  }
  FUNCTION(`layers: ${kind}`, maker);
  const layer = maker(options as never);
  LAYER(`layers: what ${kind} made`, layer);
  const made = describeLayer(layer);
  if (JSON.stringify([made.inputs, made.outputs, made.parameters]) !== JSON.stringify(shapeOf(description))) {
    throw new RangeError(
      `layers: the layer made for ${JSON.stringify(kind)} takes ${made.inputs} inputs and gives ${made.outputs} outputs with the ` +
        `parameters ${JSON.stringify(made.parameters)}; described were ${JSON.stringify(shapeOf(description))}`,
    );
  }
  return layer;
}

function shapeOf({ inputs, outputs, parameters }: LayerDescription): unknown[] {
  return [inputs, outputs, parameters];
}
