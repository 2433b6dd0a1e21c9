/**
 * The parameters of networks of PyTorch. The monotone equilibrium layer of Winston & Kolter, "Monotone operator
 * equilibrium networks" (2020), is in their code, `MONSingleFc`, of three `nn.Linear`:
 *
 *   self.U = nn.Linear(inputs, width); self.A, self.B = nn.Linear(width, width, bias=False), the same
 *   Wz = (1 − m)z − A.weightᵀ(A.weight z) + B.weight z − B.weightᵀz
 *
 * `nn.Linear` keeps its weight as [outputs, inputs] and computes x·weightᵀ, and so do `monotone` and `dense` here: no
 * matrix is transposed. m is a number of their code and not in the dictionary. A contractive layer is written likewise, with
 * `self.A = nn.Linear(width, width, bias=False)`, or V where it is parametrised, and `self.B = nn.Linear(inputs, width)`.
 */
import { createArgumentCheck, createArgumentError, isListOf } from '../arguments/check.ts';
import { type Checks, readOptions } from '../arguments/options.ts';
import { FILE_ARRAYS, type FileArray } from '../data/file-array.ts';
import { ENGINE, type Engine } from '../tensor/engine.ts';
import { STATISTICS } from './batch-norm.ts';
import { type ParameterArray, readParameters, takeParameters } from './parameter-arrays.ts';
import { runningStatisticsOf } from './running-statistics.ts';
import { MODEL, type Model } from './sequential.ts';
import { parameterNames } from './summary.ts';

/** The names of PyTorch for the parameters of a layer here, by the kind of the layer. */
const NAMES: Readonly<Record<string, Readonly<Record<string, string>>>> = {
  monotone: { A: 'A.weight', B: 'B.weight', U: 'U.weight', c: 'U.bias' },
  contractive: { A: 'A.weight', V: 'V.weight', B: 'B.weight', c: 'B.bias' },
  dense: { W: 'weight', b: 'bias' },
  layerNorm: { gain: 'weight', bias: 'bias' },
  convolution: { K: 'weight', b: 'bias' },
  batchNorm: {
    gain: 'weight',
    bias: 'bias',
    [STATISTICS.mean]: 'running_mean',
    [STATISTICS.variance]: 'running_var',
    [STATISTICS.batches]: 'num_batches_tracked',
  },
};

/** What the authors' network `SingleFcNet`, a monotone layer and a linear one, calls its layers. */
const SINGLE_FC_NET: Readonly<Record<string, string>> = { monotone: 'mon.linear_module', dense: 'Wout' };

/** What the names of a layer begin with, or for a residual those of the layers inside of it. */
export type StateDictPrefix = string | readonly StateDictPrefix[];

/** Options of `stateDictOf` and `loadStateDict`. */
export interface StateDictOptions {
  /**
   * What the names of each layer begin with, such as `layers.0` for `layers.0.weight`, in the order of the layers; ''
   * for layers without parameters. For a residual, a list has the same for the layers inside of it; a text stands for
   * `nn.Sequential`, which numbers them: `block` for `block.0.weight`. Default: `mon.linear_module` and `Wout`, as in the authors' `SingleFcNet`, for a
   * model of one monotone layer and one dense layer; other models need this option.
   */
  prefixes?: readonly StateDictPrefix[];
}

const OPTIONS: Checks<StateDictOptions> = {
  prefixes: createArgumentCheck('a list of texts', (value) => isListOf(value, isPrefix)),
};

function isPrefix(value: unknown): boolean {
  return typeof value === 'string' || isListOf(value, isPrefix);
}

/**
 * The parameters of a model by the names and in the layout of PyTorch, for
 * `writeSafetensors(await stateDictOf(model))` and there
 * `model.load_state_dict(safetensors.torch.load_file('model.safetensors'))`. The layers may be `monotone`, `contractive`,
 * `dense`, `layerNorm`, `convolution`, `batchNorm`, a `residual` of these, and layers without parameters.
 *
 * @throws RangeError where a layer has no counterpart, or there is not one prefix for each layer
 */
export async function stateDictOf(
  model: Model,
  options?: StateDictOptions,
): Promise<ReadonlyMap<string, ParameterArray>> {
  MODEL('stateDictOf: model', model);
  return readParameters(model, renaming('stateDictOf', model, readOptions('stateDictOf', options, OPTIONS)));
}

/**
 * Gives a model the parameters of a network of PyTorch, which `parseSafetensors` reads, or `readNPZ`, or those of
 * another model, which `stateDictOf` gives. The model need not be initialised; whether its margin and its activation are
 * those of the network, the arrays do not tell.
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
  const rename = renaming('loadStateDict', model, readOptions('loadStateDict', options, OPTIONS));
  takeParameters(model, engine, rename, arrays);
}

/** Returns the function from a name in the model, such as `1.residual.0.dense.W`, to the name in PyTorch. */
function renaming(
  place: string,
  { layers }: Model,
  { prefixes = defaultPrefixes(place, layers) }: StateDictOptions,
): (name: string) => string {
  if (prefixes.length !== layers.length) {
    throw createArgumentError(`${place}: prefixes`, prefixes, `a list of ${layers.length}, one for each layer`);
  }
  const known = [...parameterNames(layers), ...runningStatisticsOf(layers).map(({ name }) => name)];
  const renamed = new Map(known.map((name) => [name, nameIn(place, name, prefixes)]));
  const names = [...renamed.values()];
  const twice = names.find((name, index) => names.indexOf(name) !== index);
  if (twice !== undefined) {
    throw new RangeError(`${place}: prefixes give the name ${twice} twice; each layer must have its own`);
  }
  return (name) => renamed.get(name) as string;
}

/** The name in PyTorch. @param name in the model: number and kind of the layer, those of the layers in it, and its own */
function nameIn(place: string, name: string, prefixes: readonly StateDictPrefix[]): string {
  const [, inside, kind, own] = /^((?:\d+\.residual\.)*\d+)\.([^.]+)\.(.+)$/.exec(name) as unknown as string[];
  const indices = inside.split('.residual.').map(Number);
  const counterpart = Object.hasOwn(NAMES, kind) ? NAMES[kind][own] : undefined;
  if (!counterpart) {
    const known = Object.keys(NAMES).join(', ');
    throw new RangeError(
      `${place}: model: layer ${indices.join('.')} is of the kind ${kind}; it must be one of ${known}`,
    );
  }
  const follow = (prefix: StateDictPrefix, index: number): StateDictPrefix | undefined =>
    typeof prefix === 'string' ? join(prefix, String(index)) : prefix[index];
  const prefix = indices.reduce<StateDictPrefix | undefined>(
    (all, index) => (all === undefined ? all : follow(all, index)),
    prefixes,
  );
  if (typeof prefix === 'string') return join(prefix, counterpart);
  throw createArgumentError(`${place}: prefixes[${indices.join('][')}]`, prefix, `a text, for a ${kind}`);
}

const join = (prefix: string, name: string): string => (prefix === '' ? name : `${prefix}.${name}`);

function defaultPrefixes(place: string, layers: Model['layers']): string[] {
  const kinds = layers.map(({ kind }) => kind);
  if (kinds.join() === 'monotone,dense') return kinds.map((kind) => SINGLE_FC_NET[kind]);
  throw new RangeError(
    `${place}: prefixes is undefined; the layers are ${kinds.join(', ')}, and it must say what the names of each begin with`,
  );
}
