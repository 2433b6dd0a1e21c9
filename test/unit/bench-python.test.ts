/** The choice of the Python to measure. */
import { chmodSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import {
  findNewestWith,
  type Interpreter,
  isNewer,
  listCandidates,
  requireInterpreter,
  titleOf,
} from '../../bench/interpreters.ts';

const common = { python: '3.12.3', threads: 2, blas: 'mkl', threading: 'OpenMP', libraries: [] };

/** Answers as if these programs had these releases. */
function answerWith(releases: Readonly<Record<string, string>>) {
  return async (program: string): Promise<Interpreter | undefined> =>
    releases[program] === undefined ? undefined : { ...common, program, version: releases[program] };
}

describe('the newest release', () => {
  test.each([
    ['2.11.0', '2.9.1', true],
    ['2.9.1', '2.11.0', false],
    ['2.11.0+cu130', '2.11.0', false],
    ['1.13.0a0', '1.12.1', true],
    ['2.0', '1.13.1', true],
    ['2.1', '2.1.0', false],
  ])('%s is newer than %s: %s', (version, than, newer) => {
    expect(isNewer(version, than)).toBe(newer);
  });

  test('is taken, wherever it is; of equals the first', async () => {
    const ask = answerWith({ b: '1.13.0a0', c: '2.10.0', d: '2.9.0', e: '2.10.0' });
    expect((await findNewestWith('torch', ['a', 'b', 'c', 'd', 'e'], ask)).program).toBe('c');
  });

  test('an error says that no interpreter has the package', async () => {
    await expect(findNewestWith('torch', ['a', 'b'], answerWith({}))).rejects.toThrow('none of 2 Pythons has PyTorch');
  });
});

describe('programs', () => {
  let folder: string;
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'equilibra-pythons-'));
  });
  afterEach(() => rmSync(folder, { recursive: true, force: true }));

  function place(path: string, script = ''): string {
    const file = join(folder, path);
    mkdirSync(join(file, '..'), { recursive: true });
    writeFileSync(file, `#!/bin/sh\n${script}\n`);
    chmodSync(file, 0o755);
    return file;
  }

  test.skipIf(process.platform === 'win32')(
    'are looked for on the path, in environments and in pyenv, each once',
    () => {
      const [first, second] = [place('path/python3'), place('home/.pyenv/versions/3.99.0/bin/python3')];
      const environment = place('environment/bin/python3');
      const PATH = [join(folder, 'path'), join(folder, 'nowhere'), join(folder, 'path')].join(':');
      const variables = { PATH, VIRTUAL_ENV: join(folder, 'environment') };
      const found = listCandidates(variables, join(folder, 'home'));
      expect(found.filter((file) => file.startsWith(folder))).toEqual([environment, first, second]);
    },
  );

  test.skipIf(process.platform === 'win32')('that print nothing, or fail, do not have the package', async () => {
    await expect(requireInterpreter('torch', place('silent'))).rejects.toThrow('the Python given has no PyTorch');
    await expect(requireInterpreter('sklearn', place('failing', 'exit 1'))).rejects.toThrow('has no scikit-learn');
    await expect(requireInterpreter('torch', join(folder, 'missing'))).rejects.toThrow('has no PyTorch');
    const told = JSON.stringify({ ...common, version: '2.0.0' });
    expect(await requireInterpreter('torch', place('telling', `echo warning; echo '${told}'`))).toMatchObject({
      version: '2.0.0',
    });
  });
});

describe('the title', () => {
  const interpreter = { ...common, program: 'python3', version: '2.11.0' };

  test('has threads and linear algebra in it', () => {
    expect(titleOf('torch', interpreter)).toBe('Python 3.12.3, PyTorch 2.11.0, BLAS mkl, 2 threads by OpenMP');
  });

  test('names the files that do the work', () => {
    const generic = { ...interpreter, blas: 'generic', libraries: ['libopenblas.so.0'], threads: 1 };
    expect(titleOf('torch', generic)).toContain('BLAS generic (libopenblas.so.0), 1 thread by OpenMP');
  });
});
