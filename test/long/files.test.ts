/** Files in both directions between this library and NumPy, and a script for safetensors by its specification. */
import { execFileSync } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';
import {
  type FileArray,
  type NamedArrays,
  parseSafetensors,
  readNPZ,
  writeNPY,
  writeNPZ,
  writeSafetensors,
} from '../../src/data/index.ts';
import { createFolder } from '../support/folder.ts';
import { find } from './programs.ts';

const fixtures = fileURLToPath(new URL('../fixtures/arrays', import.meta.url));
const folder = createFolder('files');
const path = (name: string): string => join(folder, name);
const python = (...parameters: string[]): string =>
  execFileSync(find('numpy'), parameters, { cwd: folder, encoding: 'utf8' });

const arrays: NamedArrays = await readNPZ(readFileSync(join(fixtures, 'arrays.npz')));
const bytesOf = (array: FileArray | undefined): Buffer => Buffer.from(writeNPY(array as FileArray));

/** The bytes that NumPy writes for each array of an archive that it has read. */
const SAVE_EACH = `
import sys, numpy
for number, (name, array) in enumerate(sorted(numpy.load(sys.argv[1]).items())):
    numpy.save(f'{sys.argv[2]}-{number}.npy', numpy.ascontiguousarray(array).reshape(array.shape))
`;

test('the script writes the fixtures again', () => {
  python(join(fixtures, 'arrays.py'), folder);
  expect(readFileSync(path('arrays.json'), 'utf8')).toBe(readFileSync(join(fixtures, 'arrays.json'), 'utf8'));
});

test.each([false, true])(
  'NumPy reads what the library writes, and writes the same bytes; compressed: %s',
  async (compressed) => {
    writeFileSync(path('ours.npz'), await writeNPZ(arrays, { compressed }));
    python('-c', SAVE_EACH, path('ours.npz'), path('theirs'));
    // Python sorts texts by code points, as these names are sorted here.
    for (const [number, name] of [...arrays.keys()].sort().entries()) {
      const theirs = readFileSync(path(`theirs-${number}.npy`));
      expect(theirs.equals(bytesOf(arrays.get(name))), name).toBe(true);
    }
  },
);

test('safetensors go both ways', async () => {
  const script = join(fixtures, 'safetensors.py');
  const numbers = [...arrays].flatMap(([name, array]) => (array.type === 'text' ? [] : [[name, array] as const]));
  writeFileSync(path('ours.safetensors'), writeSafetensors(new Map(numbers), { metadata: { by: 'a test' } }));
  python(script, 'read', path('ours.safetensors'), path('theirs.npz'));
  const read = await readNPZ(readFileSync(path('theirs.npz')));
  expect([...read.keys()].sort()).toEqual(numbers.map(([name]) => name).sort());
  for (const [name, array] of numbers) expect(bytesOf(read.get(name)).equals(bytesOf(array)), name).toBe(true);

  python(script, 'write', path('theirs.npz'), path('theirs.safetensors'));
  const { tensors } = parseSafetensors(readFileSync(path('theirs.safetensors')));
  expect(tensors.size).toBe(numbers.length);
  for (const [name, array] of numbers) expect(bytesOf(tensors.get(name)).equals(bytesOf(array)), name).toBe(true);
});

test('bfloat16, which NumPy lacks, is read as the float32 that it stands for', async () => {
  const values = Float32Array.of(1, -2.5, 0, Number.POSITIVE_INFINITY);
  writeFileSync(path('half.safetensors'), writeSafetensors({ a: { values, type: 'bfloat16' } }));
  python(join(fixtures, 'safetensors.py'), 'read', path('half.safetensors'), path('half.npz'));
  expect((await readNPZ(readFileSync(path('half.npz')))).get('a')?.values).toEqual(values);
});

test('the example from PyTorch writes its files again', () => {
  const example = fileURLToPath(new URL('../../examples/from-pytorch', import.meta.url));
  python(join(example, 'network.py'));
  const name = 'network.safetensors';
  expect(readFileSync(path(name)).equals(readFileSync(join(example, name)))).toBe(true);
});
