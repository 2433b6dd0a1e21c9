/**
 * Everything that kernels.ts lists exists on every backend under its name. Read from the sources, without an adapter.
 */
import { readdirSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { describe, expect, test } from 'vitest';
import { CONE_TYPES } from '../../src/backends/cone-kernels.ts';
import { lower } from '../../src/backends/gpujs/lower.ts';
import { SHARED } from '../../src/backends/gpujs/sources.ts';
import {
  ACTIVATIONS,
  BIASES,
  ELEMENTWISE,
  type ElementwiseCall,
  ITERATIONS,
  MOVES,
  REDUCTIONS,
  ROWS,
  SCALARS,
} from '../../src/backends/kernels.ts';
import { ConeType } from '../../src/backends/wasm/cone-instructions.ts';
import {
  Bias,
  Iteration,
  MoveOperation,
  Operation,
  Reduction,
  RowsOperation,
  ScalarOperation,
} from '../../src/backends/wasm/instructions.ts';
import { CONSTANTS, nameConstant } from '../../src/backends/webgpu/constants.ts';
import { type Constants, SHADERS, type Shader, selectParts } from '../../src/backends/webgpu/shaders.ts';
import { ACTIVATION_NAMES } from '../../src/solvers/activations.ts';
import { ACTIVATION_DEFINITIONS } from '../support/activations.ts';

const root = (path: string): string => fileURLToPath(new URL(`../../${path}`, import.meta.url));
const withoutComments = (text: string): string => text.replace(/\/\/.*$/gm, '');
const generated: ReadonlySet<unknown> = new Set(Object.values(CONSTANTS));

/** The source from which a pipeline is compiled, without comments and generated constants. */
async function written(shader: Shader, constants: Constants = {}): Promise<string> {
  const parts = selectParts(shader, constants).filter((part) => !generated.has(part));
  return withoutComments((await Promise.all(parts.map(({ text }) => text))).join('\n'));
}

/** The body of a function in WGSL, with the body of the function that it calls for arguments that are not NaN. */
function bodyOf(name: string, source: string): string {
  return source.match(new RegExp(`^fn ${name}(OfNumber)?\\([\\s\\S]*?^\\}`, 'gm'))?.join('\n') ?? '';
}

/** Whether a branch of a function contains the constant: as a case, or in a comparison. */
function names(body: string, constant: string): boolean {
  return new RegExp(`(case[^:{]*|[!=]= )\\b${constant}\\b`).test(body);
}

describe('WGSL', () => {
  test.each(ELEMENTWISE.map((name, OPERATION) => [name, OPERATION] as const))('has %s', async (name, OPERATION) => {
    const source = await written(SHADERS.elementwise, { OPERATION });
    expect(names(bodyOf('operation', source), nameConstant('OPERATION', name))).toBe(true);
  });

  test.each(ACTIVATIONS.map((name, ACTIVATION) => [name, ACTIVATION] as const))(
    'has the activation %s and its proximal operator',
    async (name, ACTIVATION) => {
      const source = await written(SHADERS['product-tiled'], { ACTIVATION });
      const constant = nameConstant('ACTIVATION', name);
      expect(names(bodyOf('activation', source), constant)).toBe(true);
      expect(names(bodyOf('proximal', source), constant)).toBe(true);
      // An operation that is σ or prox_{αf} must handle the activation too.
      for (const operation of ELEMENTWISE.filter(
        (each) => each.replace('proximal', '').toLowerCase() === name.toLowerCase(),
      )) {
        const own = await written(SHADERS.elementwise, { ACTIVATION, OPERATION: ELEMENTWISE.indexOf(operation) });
        expect(names(bodyOf('activation', own), constant), operation).toBe(true);
      }
    },
  );

  test.each(ROWS.map((name, OPERATION) => [name, OPERATION] as const))(
    'has the row-wise %s',
    async (name, OPERATION) => {
      const source = await written(SHADERS['rows-thread'], { OPERATION });
      expect(names(bodyOf('operation', source), nameConstant('OPERATION', name))).toBe(true);
    },
  );

  test.each([
    ['METHOD', ITERATIONS, SHADERS.iterate, 'advanced'],
    ['OPERATION', MOVES, SHADERS.move, 'compute'],
    ['OPERATION', SCALARS, SHADERS.scalar, 'main'],
  ] as const)('has every %s of %j', async (prefix, list, shader, place) => {
    const source = await written(shader);
    for (const name of list) expect(names(bodyOf(place, source), nameConstant(prefix, name)), name).toBe(true);
  });

  test('has every reduction; the sum is the default', async () => {
    const source = await written(SHADERS['reduce-thread']);
    const bodies = ['isLength', 'start', 'add', 'join', 'reduced', 'single', 'store']
      .map((name) => bodyOf(name, source))
      .join('\n');
    for (const name of REDUCTIONS.filter((each) => each !== 'sum')) {
      expect(names(bodies, nameConstant('OPERATION', name)), name).toBe(true);
    }
  });

  test('names nothing that is not in the lists', async () => {
    for (const [name, shader] of Object.entries<Shader>(SHADERS)) {
      for (const constants of [{}, { ACTIVATION: 2, OPERATION: 2 }] as Constants[]) {
        const source = await written(shader, constants);
        const heads = selectParts(shader, constants).filter((part) => generated.has(part));
        const declared = heads.map(({ text }) => text).join('\n');
        const used = source.match(/\b(ACTIVATION|BIAS|METHOD|OPERATION|STATE|STATUS)_[A-Z_]+/g) ?? [];
        for (const constant of used) expect(declared, `${name}: ${constant}`).toContain(`const ${constant}=`);
      }
    }
  });

  test('compares no operation with a literal number', () => {
    for (const file of readdirSync(root('shaders'), { recursive: true }).map(String)) {
      if (!file.endsWith('.wgsl')) continue;
      const text = withoutComments(readFileSync(root(`shaders/${file}`), 'utf8'));
      expect(text, file).not.toMatch(/case \d|(ACTIVATION|BIAS|METHOD|OPERATION) [!=]= \d/);
    }
  });
});

describe('AssemblyScript', () => {
  const folder = root('src/backends/wasm/assembly');
  const sources = readdirSync(folder)
    .filter((name) => name.endsWith('.ts'))
    .map((name) => withoutComments(readFileSync(`${folder}/${name}`, 'utf8')))
    .join('\n');
  const namesOf = (list: Record<string, unknown>): string[] => Object.keys(list).filter((key) => !/^\d+$/.test(key));

  test.each([
    ['Operation', Operation, ELEMENTWISE],
    ['Reduction', Reduction, REDUCTIONS],
    ['MoveOperation', MoveOperation, MOVES],
    ['RowsOperation', RowsOperation, ROWS],
    ['ScalarOperation', ScalarOperation, SCALARS],
    ['Iteration', Iteration, ITERATIONS],
    ['Bias', Bias, BIASES],
  ] as const)('%s has the names of its list, and no others', (_, list, expected) => {
    expect(namesOf(list).sort()).toEqual([...expected].sort());
  });

  test('has a formula for each operation', () => {
    const formulas = withoutComments(readFileSync(`${folder}/formulas.ts`, 'utf8'));
    for (const name of ELEMENTWISE) expect(formulas).toMatch(new RegExp(`case Operation\\.${name}:`));
    for (const name of ACTIVATIONS.filter((each) => each !== 'identity')) {
      expect(formulas).toMatch(new RegExp(`case Operation\\.${name}:`));
    }
  });

  // Where a function distinguishes two or more, one of them may be the default.
  test.each([
    ['Reduction', REDUCTIONS],
    ['MoveOperation', MOVES],
    ['RowsOperation', ROWS],
    ['ScalarOperation', SCALARS],
    ['Iteration', ITERATIONS],
  ] as const)('distinguishes the members of %s by name', (list, expected) => {
    const missing = expected.filter((name) => !new RegExp(`\\b${list}\\.${name}\\b`).test(sources));
    expect(missing.length, missing.join()).toBeLessThanOrEqual(1);
  });
});

describe('gpu.js', () => {
  /** The functions that a call consists of. */
  function boundIn(call: Parameters<typeof lower>[0]): string[] {
    const found: string[] = [];
    lower(call, ({ bindings = {} }) => found.push(...Object.values(bindings)));
    return found;
  }
  const layout = { offset: 0, strides: [1, 1, 1, 1] } as const;

  test.each(ELEMENTWISE)('has %s', (operation) => {
    const call: ElementwiseCall = {
      kernel: 'elementwise',
      inputs: [0, 1, 2],
      output: 3,
      operation,
      shape: [1, 1, 1, 1],
      layouts: [layout, layout, layout],
      parameters: [],
    };
    for (const name of boundIn(call)) expect(SHARED.has(name), name).toBe(true);
  });

  test.each(REDUCTIONS)('has the reduction %s', (operation) => {
    const sizes = { outer: 1, middle: 4, inner: 1, activation: 'identity', parameters: [] } as const;
    for (const name of boundIn({ kernel: 'reduce', inputs: [0, 1], output: 2, operation, ...sizes })) {
      expect(SHARED.has(name), name).toBe(true);
    }
  });
});

test('cones have the same places in every list', () => {
  expect(CONE_TYPES.map((type) => ConeType[type])).toEqual([...CONE_TYPES.keys()]);
  const constants = ['cone-elements', 'cone-triple'].flatMap((name) => [
    ...readFileSync(root(`shaders/shared/${name}.wgsl`), 'utf8').matchAll(
      /^const (ZERO|FREE|EXPDUAL|POWDUAL) = (\d)u;/gm,
    ),
  ]);
  expect(constants).toHaveLength(4);
  for (const [, name, place] of constants) expect(CONE_TYPES[Number(place)]).toBe(name.toLowerCase());
});

test('every kernel in WGSL has one of the same name on the CPU', () => {
  const twins = readdirSync(root('src/backends/cpu'));
  // Loops are handled by the backend's runner of Programs.
  const kernels = readdirSync(root('shaders')).filter((name) => /^(?!loop-).*\.wgsl$/.test(name));
  for (const name of kernels) {
    const kernel = name.replace(/(-(register|vector|tiled|wide|thread|workgroup|observe))*\.wgsl$/, '');
    expect(twins, name).toContain(`${kernel}.ts`);
  }
});

test('the tests define every elementwise activation', () => {
  const defined = ACTIVATION_DEFINITIONS.map(({ option }) => (typeof option === 'string' ? option : option.name));
  expect([...new Set(defined)].sort()).toEqual(ACTIVATION_NAMES.filter((name) => name !== 'softmax').sort());
});
