/** Describes layers as JSON, and makes layers from their descriptions. */
import { FUNCTION, OBJECT } from '../arguments/check.ts';
import { describeValue } from '../arguments/describe-value.ts';
import { dense } from './dense.ts';
import { dropout } from './dropout.ts';
import { LAYER, type Layer, type ParameterSpecification } from './layer.ts';
import { layerNorm } from './layer-norm.ts';
import { monotone } from './monotone.ts';

/** A layer as a checkpoint stores it. */
export interface LayerDescription {
  /** Names the maker of the layer, such as dense. */
  readonly kind: string;
  /** Width of a row that goes in. */
  readonly inputs: number;
  /** Width of a row that comes out. */
  readonly outputs: number;
  /** The parameters in their order. */
  readonly parameters: readonly Pick<ParameterSpecification, 'name' | 'shape'>[];
  /** What `LayerMaker` takes; absent if the layer does not have `options`. */
  readonly options?: object;
}

/**
 * Makes layers of one kind from the `options` of their description.
 * @param make makes the layers that are inside of another from their descriptions
 */
export type LayerMaker = (options: never, make: (description: LayerDescription) => Layer) => Layer;

/** Makers of the layers that most models have. A layer that brings much code must be named by its user instead. */
const MAKERS: Readonly<Record<string, LayerMaker>> = { dense, dropout, layerNorm, monotone };

export function describeLayer({ kind, inputs, outputs, parameters, options }: Layer): LayerDescription {
  return { kind, inputs, outputs, parameters: parameters.map(({ name, shape }) => ({ name, shape })), options };
}

/**
 * Makes a layer from its description.
 * @param own makers of layers that the library does not know, by kind
 * @throws RangeError if the kind is unknown, or if the layer made differs from its description
 */
export function layerFrom(description: LayerDescription, own: Readonly<Record<string, LayerMaker>> = {}): Layer {
  OBJECT('layers: a description', description);
  const { kind, options } = description;
  const maker = [own, MAKERS].find((makers) => Object.hasOwn(makers, kind))?.[kind];
  if (!maker) {
    throw new RangeError(
      `layers: there is no maker for the kind ${describeValue(kind)}; known are ${[...Object.keys(MAKERS), ...Object.keys(own)].join(', ')}. ` +
        `Give one for a layer of your own: { layers: { ${describeValue(kind)}: (options) => layer } }`,
    );
  }
  FUNCTION(`layers: ${kind}`, maker);
  const layer = maker(options as never, (inner) => layerFrom(inner, own));
  LAYER(`layers: what ${kind} made`, layer);
  // The listed fields alone, and in this order.
  const [made, described] = [layer, description].map((one) =>
    JSON.stringify(one, ['inputs', 'outputs', 'parameters', 'name', 'shape']),
  );
  if (made !== described) {
    throw new RangeError(`layers: the layer made for ${JSON.stringify(kind)} has ${made}, not ${described}`);
  }
  return layer;
}
