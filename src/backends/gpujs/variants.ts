/** From a kernel with its options to what gpu.js makes a kernel of: the source, the functions it calls, all types. */
import type { FunctionSource, NativeDeclaration } from './library.ts';
import { functionsIn, KERNELS, type KernelName, NATIVE, SHARED, type SourceFunction } from './sources.ts';

/** A kernel with what is fixed when it is made. */
export interface KernelVariant {
  readonly kernel: KernelName;
  readonly constants?: Readonly<Record<string, number>>;
  /** What the names that a kernel leaves open stand for, such as `activation`. */
  readonly bindings?: Readonly<Record<string, string>>;
}

export function keyOf({ kernel, constants = {}, bindings = {} }: KernelVariant): string {
  return JSON.stringify([kernel, constants, bindings]);
}

export interface VariantSource {
  readonly source: string;
  /** Of the integers and numbers that follow the operands. */
  readonly parameterTypes: readonly string[];
  readonly functions: readonly FunctionSource[];
  /** Declared to gpu.js, without a source: it would put that after functions that call it. */
  readonly nativeFunctions: readonly NativeDeclaration[];
  /** In GLSL, put before all functions. */
  readonly injectedNative: string;
}

/** Functions of integers, or with an integer among their arguments; all other arguments and results are numbers. */
const INTEGER_ARGUMENTS: Readonly<Record<string, readonly string[]>> = {
  quotient: ['i', 'n'],
  randomBits: ['index'],
  mixed: ['value'],
  shifted16: ['value'],
  shifted13: ['value'],
  product32: ['x', 'high', 'low'],
};
const INTEGER_RESULTS: ReadonlySet<string> = new Set([
  'quotient',
  'wholePart',
  'nearestInteger',
  'mixed',
  'shifted16',
  'shifted13',
  'product32',
]);

/** @param native whether functions are taken from the GLSL file where it has them */
export function sourceOf({ kernel, bindings = {} }: KernelVariant, native: boolean): VariantSource {
  const { text, operands: _, integers, numbers } = KERNELS[kernel];
  const source = functionsIn(text)[0].text;
  const functions: FunctionSource[] = [];
  const nativeFunctions: NativeDeclaration[] = [];
  let injectedNative = '';
  const seen = new Set<string>();
  const add = (caller: string): void => {
    for (const [, name] of caller.matchAll(/(?<![.\w])(\w+)\(/g)) {
      if (seen.has(name)) continue;
      const glsl = native ? NATIVE.get(name) : undefined;
      const found = SHARED.get(bindings[name] ?? name);
      if (!found) continue; // a word of the language, or the kernel itself
      seen.add(name);
      const declared = declareFunction({ ...found, name });
      if (glsl) {
        nativeFunctions.push({ name, source: '', ...declared.settings });
        injectedNative += `${glsl}\n`;
        continue;
      }
      functions.push(declared);
      add(found.text.slice(found.text.indexOf('{')));
    }
  };
  add(source.slice(source.indexOf('{')));
  if (native) injectedNative = `${functions.map(prototypeOf).join('')}${injectedNative}`;
  return {
    source,
    parameterTypes: [...Array<string>(integers).fill('Integer'), ...Array<string>(numbers).fill('Float')],
    functions,
    nativeFunctions,
    injectedNative,
  };
}

/** In GLSL, where a function must be declared before it is called: gpu.js does not always put them in such an order. */
function prototypeOf({ source, settings }: FunctionSource): string {
  const name = source.slice('function '.length, source.indexOf('('));
  const glsl = (type: string): string => (type === 'Integer' ? 'int' : 'float');
  return `${glsl(settings.returnType)} ${name}(${Object.values(settings.argumentTypes).map(glsl).join(', ')});\n`;
}

/** Under the name by which it is called. */
function declareFunction({ name, text, parameters }: SourceFunction): FunctionSource {
  const integers = INTEGER_ARGUMENTS[name] ?? [];
  const isInteger = (parameter: string): boolean =>
    integers.includes(parameter) || (name === 'operation' && parameter === 'index');
  return {
    source: text.replace(/^function \w+/, `function ${name}`),
    settings: {
      argumentTypes: Object.fromEntries(
        parameters.map((parameter) => [parameter, isInteger(parameter) ? 'Integer' : 'Number']),
      ),
      returnType: INTEGER_RESULTS.has(name) ? 'Integer' : 'Number',
    },
  };
}
