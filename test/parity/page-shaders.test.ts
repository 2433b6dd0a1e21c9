import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';
import { compact, renamed, shortNames } from '../../demo/build/shaders.ts';
import { ACTIVATIONS, ELEMENTWISE } from '../../src/backends/kernels.ts';
import { openDevice } from '../../src/backends/webgpu/device.ts';
import {
  defineProduct,
  SHADERS,
  type Shader,
  type ShaderPart,
  selectParts,
} from '../../src/backends/webgpu/shaders.ts';

const folder = fileURLToPath(new URL('../../shaders', import.meta.url));
const sourceOf = (name: string): string => readFileSync(join(folder, name), 'utf8');

/** With those that are loaded by themselves. */
const kernels: Record<string, Shader> = {
  ...SHADERS,
  'product-wide': defineProduct({ file: 'product-wide.wgsl', text: sourceOf('product-wide.wgsl') }),
};

/** The parts of a kernel for every activation and operation, each list once. */
function versions(shader: Shader): ShaderPart[][] {
  const found = new Map<string, ShaderPart[]>();
  for (const ACTIVATION of ACTIVATIONS.keys()) {
    for (const OPERATION of ELEMENTWISE.keys()) {
      const parts = [...selectParts(shader, { ACTIVATION, OPERATION })];
      found.set(parts.map(({ file }) => file).join(), parts);
    }
  }
  return [...found.values()];
}

/** naga 29, which compiles the shaders in Deno, ends the process over a constant that comes behind such a variable. */
test('constants are declared before a variable of a workgroup is used, whose length may depend on one of them', async () => {
  for (const [name, shader] of Object.entries(kernels)) {
    for (const parts of versions(shader)) {
      const code = (await Promise.all(parts.map(({ text }) => text))).map(compact).join('\n');
      const variables = [...code.matchAll(/var<workgroup> (\w+)/g)].map(([, variable]) => variable);
      const uses = variables.map((variable) => code.search(new RegExp(`\\b${variable}\\b`)));
      expect(code.lastIndexOf('override '), name).toBeLessThan(Math.min(...uses, code.length));
    }
  }
});

test('shaders are understood with the short names that the page gets', async () => {
  const names = readdirSync(folder, { recursive: true }).map(String);
  const short = shortNames(names.filter((name) => name.endsWith('.wgsl')).map((name) => compact(sourceOf(name))));
  const { device, release } = await openDevice({});
  try {
    const all = Object.entries(kernels).flatMap(([name, shader]) =>
      versions(shader).map((parts) => [name, parts] as const),
    );
    expect(all.filter(([name]) => name === 'elementwise')).toHaveLength(2);
    for (const [name, parts] of all) {
      const texts = await Promise.all(parts.map(({ text }) => text));
      const code = texts.map((text) => renamed(compact(text), short)).join('\n');
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
