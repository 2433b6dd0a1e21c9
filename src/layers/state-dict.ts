/**
 * The parameters of networks of PyTorch. The monotone equilibrium layer of Winston & Kolter, "Monotone operator
 * equilibrium networks" (2020), is in their code, `MONSingleFc`, of three `nn.Linear`:
 *
 *   self.U = nn.Linear(inputs, width); self.A, self.B = nn.Linear(width, width, bias=False), the same
 *   Wz = (1 − m)z − A.weightᵀ(A.weight z) + B.weight z − B.weightᵀz
 *
 * `nn.Linear` keeps its weight as [outputs, inputs] and computes x·weightᵀ, and so do `monotone` and `dense` here: no
 * matrix is transposed. m is a number of their code and not in the dictionary.
 */
import { createArgumentCheck, createArgumentError, isListOf } from '../arguments/check.ts';
import { type Checks, readOptions } from '../arguments/options.ts';
import { FILE_ARRAYS, type FileArray } from '../data/file-array.ts';
import { ENGINE, type Engine } from '../tensor/engine.ts';
import type { NumberArray } from './checkpoint/bytes.ts';
import { readParameters, takeParameters } from './parameter-arrays.ts';
import { MODEL, type Model } from './sequential.ts';

/** The names of PyTorch for the parameters of a layer here, by the kind of the layer. */
const NAMES: Readonly<Record<string, Readonly<Record<string, string>>>> = {
  monotone: { A: 'A.weight', B: 'B.weight', U: 'U.weight', c: 'U.bias' },
  dense: { W: 'weight', b: 'bias' },
  layerNorm: { gain: 'weight', bias: 'bias' },
};

/** What the authors' network `SingleFcNet`, a monotone layer and a linear one, calls its layers. */
const SINGLE_FC_NET: Readonly<Record<string, string>> = { monotone: 'mon.linear_module', dense: 'Wout' };

/** Options of `stateDictOf` and `loadStateDict`. */
export interface StateDictOptions {
  /**
   * What the names of each layer begin with, such as `layers.0` for `layers.0.weight`, in the order of the layers; ''
   * for layers without parameters. Default: `mon.linear_module` and `Wout`, as in the authors' `SingleFcNet`, for a
   * model of one monotone layer and one dense layer; other models need this option.
   */
  prefixes?: readonly string[];
}

const OPTIONS: Checks<StateDictOptions> = {
  prefixes: createArgumentCheck('a list of texts', (value) => isListOf(value, (each) => typeof each === 'string')),
};

/**
 * The parameters of a model by the names and in the layout of PyTorch, for
 * `writeSafetensors(await stateDictOf(model))` and there
 * `model.load_state_dict(safetensors.torch.load_file('model.safetensors'))`. The layers may be `monotone`, `dense`,
 * `layerNorm` and `dropout`.
 *
 * @throws RangeError where a layer has no counterpart, or there is not one prefix for each layer
 */
export async function stateDictOf(model: Model, options?: StateDictOptions): Promise<ReadonlyMap<string, NumberArray>> {
  MODEL('stateDictOf: model', model);
  return readParameters(model, namesIn('stateDictOf', model, readOptions('stateDictOf', options, OPTIONS)));
}

/**
 * Gives a model the parameters of a network of PyTorch, which `parseSafetensors` reads, or `readNPZ`. The model need
 * not be initialised; whether its margin and its activation are those of the network, the arrays do not tell.
 *
 * @throws DataError where an array is missing, is one too many, or has another shape than the parameter
 * @throws RangeError where a layer has no counterpart, or there is not one prefix for each layer
 */
export function loadStateDict(
  model: Model,
  engine: Engine,
  arrays: ReadonlyMap<string, FileArray>,
  options?: StateDictOptions,
): void {
  MODEL('loadStateDict: model', model);
  ENGINE('loadStateDict: engine', engine);
  FILE_ARRAYS('loadStateDict: arrays', arrays);
  const names = namesIn('loadStateDict', model, readOptions('loadStateDict', options, OPTIONS));
  takeParameters(model, engine, names, arrays);
}

/** The name of each parameter in PyTorch, in the order of the parameters. */
function namesIn(
  place: string,
  { layers }: Model,
  { prefixes = defaultPrefixes(place, layers) }: StateDictOptions,
): string[] {
  if (prefixes.length !== layers.length) {
    throw createArgumentError(`${place}: prefixes`, prefixes, `a list of ${layers.length}, one for each layer`);
  }
  const names = layers.flatMap(({ kind, parameters }, index) =>
    parameters.map(({ name }) => {
      const own = Object.hasOwn(NAMES, kind) ? NAMES[kind][name] : undefined;
      if (own) return prefixes[index] === '' ? own : `${prefixes[index]}.${own}`;
      const known = Object.keys(NAMES).join(', ');
      throw new RangeError(`${place}: model: layer ${index} is of the kind ${kind}; it must be one of ${known}`);
    }),
  );
  const twice = names.find((name, index) => names.indexOf(name) !== index);
  if (twice === undefined) return names;
  throw new RangeError(`${place}: prefixes give the name ${twice} twice; each layer must have its own`);
}

function defaultPrefixes(place: string, layers: Model['layers']): string[] {
  const kinds = layers.map(({ kind }) => kind);
  if (kinds.join() === 'monotone,dense') return kinds.map((kind) => SINGLE_FC_NET[kind]);
  throw new RangeError(
    `${place}: prefixes is undefined; the layers are ${kinds.join(', ')}, and it must say what the names of each begin with`,
  );
}
