/** Builds the input of gpu.js for a variant of a kernel: the source, the functions that it calls, and all types. */
import type { FunctionSource, NativeDeclaration } from './library.ts';
import { functionsIn, KERNELS, type KernelName, NATIVE, SHARED, type SourceFunction } from './sources.ts';

/** A kernel with the options that are fixed when it is compiled. */
export interface KernelVariant {
  readonly kernel: KernelName;
  readonly constants?: Readonly<Record<string, number>>;
  /** The functions that names such as `activation`, which a kernel leaves open, stand for. */
  readonly bindings?: Readonly<Record<string, string>>;
}

export function keyOf({ kernel, constants = {}, bindings = {} }: KernelVariant): string {
  return JSON.stringify([kernel, constants, bindings]);
}

export interface VariantSource {
  readonly source: string;
  /** The types of the integers and numbers that follow the operands. */
  readonly parameterTypes: readonly string[];
  readonly functions: readonly FunctionSource[];
  /**
   * Functions that are declared to gpu.js without a source, since gpu.js would place the source after functions that
   * call it.
   */
  readonly nativeFunctions: readonly NativeDeclaration[];
  /** GLSL source that precedes all functions. */
  readonly injectedNative: string;
}

/** The integer arguments of functions. All other arguments are numbers. */
const INTEGER_ARGUMENTS: Readonly<Record<string, readonly string[]>> = {
  quotient: ['i', 'n'],
  randomBits: ['index'],
  mixed: ['value'],
  shifted16: ['value'],
  shifted13: ['value'],
  product32: ['x', 'high', 'low'],
};
/** The functions that return an integer. All others return a number. */
const INTEGER_RESULTS: ReadonlySet<string> = new Set([
  'quotient',
  'wholePart',
  'nearestInteger',
  'mixed',
  'shifted16',
  'shifted13',
  'product32',
]);

/** @param native whether functions that the GLSL file has are taken from there */
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

/**
 * A GLSL prototype. A function must be declared before it is called, and gpu.js does not always emit functions in such
 * an order.
 */
function prototypeOf({ source, settings }: FunctionSource): string {
  const name = source.slice('function '.length, source.indexOf('('));
  const glsl = (type: string): string => (type === 'Integer' ? 'int' : 'float');
  return `${glsl(settings.returnType)} ${name}(${Object.values(settings.argumentTypes).map(glsl).join(', ')});\n`;
}

/** The declaration of a function for gpu.js, under the name by which it is called. */
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
