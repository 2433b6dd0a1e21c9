import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';
import { applyNames, chooseShortNames, compactSource } from '../../demo/build/shaders.ts';
import { ACTIVATIONS, ELEMENTWISE } from '../../src/backends/kernels.ts';
import { CONE_SHADERS } from '../../src/backends/webgpu/cone-shaders.ts';
import { openDevice } from '../../src/backends/webgpu/device.ts';
import {
  type Constants,
  defineProduct,
  SHADERS,
  type Shader,
  type ShaderPart,
  selectParts,
} from '../../src/backends/webgpu/shaders.ts';

const folder = fileURLToPath(new URL('../../shaders', import.meta.url));
const sourceOf = (name: string): string => readFileSync(join(folder, name), 'utf8');

/** All kernels, including those that are loaded separately. */
const kernels: Record<string, Shader> = {
  ...SHADERS,
  ...CONE_SHADERS,
  'product-wide': defineProduct({ file: 'product-wide.wgsl', text: sourceOf('product-wide.wgsl') }),
};

/** The lists of parts of a kernel, for every activation and operation, each list once. */
function versions(shader: Shader): ShaderPart[][] {
  const found = new Map<string, ShaderPart[]>();
  const add = (constants: Constants): void => {
    const parts = [...selectParts(shader, constants)];
    found.set(parts.map(({ file }) => file).join(), parts);
  };
  for (const ACTIVATION of ACTIVATIONS.keys()) {
    for (const OPERATION of ELEMENTWISE.keys()) add({ ACTIVATION, OPERATION });
  }
  add({ THREADS: 2 }); // cones
  return [...found.values()];
}

/** naga 29, which compiles the shaders in Deno, crashes on a constant that is declared after such a variable. */
test('constants are declared before the use of a workgroup variable, whose length may depend on them', async () => {
  for (const [name, shader] of Object.entries(kernels)) {
    for (const parts of versions(shader)) {
      const code = (await Promise.all(parts.map(({ text }) => text))).map(compactSource).join('\n');
      const variables = [...code.matchAll(/var<workgroup> (\w+)/g)].map(([, variable]) => variable);
      const uses = variables.map((variable) => code.search(new RegExp(`\\b${variable}\\b`)));
      expect(code.lastIndexOf('override '), name).toBeLessThan(Math.min(...uses, code.length));
    }
  }
});

test('shaders compile with the short names that they have in the page', async () => {
  const names = readdirSync(folder, { recursive: true }).map(String);
  const short = chooseShortNames(
    names.filter((name) => name.endsWith('.wgsl')).map((name) => compactSource(sourceOf(name))),
  );
  const { device, release } = await openDevice({});
  try {
    const all = Object.entries(kernels).flatMap(([name, shader]) =>
      versions(shader).map((parts) => [name, parts] as const),
    );
    expect(all.filter(([name]) => name === 'elementwise')).toHaveLength(2);
    for (const [name, parts] of all) {
      const texts = await Promise.all(parts.map(({ text }) => text));
      const code = texts.map((text) => applyNames(compactSource(text), short)).join('\n');
      const { messages } = await device.createShaderModule({ code }).getCompilationInfo();
      expect(
        messages.map(({ message, linePos }) => `${message} at ${code.slice(linePos - 40, linePos + 40)}`),
        name,
      ).toEqual([]);
    }
  } finally {
    release();
  }
});
