/** Progress of commands: with a terminal and without one. */
import { describe, expect, test } from 'vitest';
import type { IO } from '../../src/cli/io.ts';
import { createLiveLine } from '../../src/cli/live-line.ts';
import { checkTrainingMemory, estimateTrainingBytes } from '../../src/cli/memory-check.ts';

const silent = { out: () => {}, error: () => {}, input: async () => '', environment: {} };

function createIO(own: Partial<IO>): IO {
  return { ...silent, interruption: () => new AbortController().signal, ...own };
}

describe('a live line', () => {
  test('is every text on a terminal', () => {
    const seen: string[] = [];
    const live = createLiveLine(createIO({ line: (text) => void seen.push(text) }));
    live('a');
    live('');
    expect(seen).toEqual(['a', '']);
  });

  test('is a plain line now and then elsewhere: soon, and more seldom in a long run', () => {
    const times: number[] = [];
    let seconds = 0;
    const live = createLiveLine(
      createIO({ note: (text) => void (text.endsWith('\n') && times.push(seconds)) }),
      () => 1000 * seconds,
    );
    for (; seconds <= 1000; seconds++) live('a step');
    expect(times.slice(0, 4)).toEqual([4, 14, 24, 34]);
    expect(times.length).toBeLessThan(45);
    expect((times.at(-1) as number) - (times.at(-2) as number)).toBeGreaterThan(80);
  });

  test('waits after other output, and needs none for short work', () => {
    const times: number[] = [];
    let seconds = 0;
    const live = createLiveLine(createIO({ note: () => void times.push(seconds) }), () => 1000 * seconds);
    for (; seconds <= 30; seconds++) live(seconds % 5 === 3 ? '' : 'a step'); // an epoch every five seconds
    expect(times).toEqual([]);
    createLiveLine(createIO({}))('nothing to write to');
  });
});

describe('memory for training', () => {
  const sizes = { width: 100, batch: 64, features: 64, classes: 10 };

  test('the default fits anywhere', () => {
    checkTrainingMemory(sizes, 'wasm', 1e9);
    expect(estimateTrainingBytes(sizes, 'cpu')).toBe(2 * estimateTrainingBytes(sizes, 'wasm'));
  });

  test('what is too large is named, with a value that fits', () => {
    const refused = (changed: Partial<typeof sizes>): string => {
      try {
        checkTrainingMemory({ ...sizes, ...changed }, 'cpu', 8e9);
        return '';
      } catch (error) {
        return (error as Error).message;
      }
    };
    const wide = refused({ width: 10_000 });
    expect(wide).toMatch(
      /^--width: it is 10000; .* about 29 GB of memory, and this computer has 8.0 GB: at most about 5\d00 fits$/,
    );
    expect(refused({ width: Number(wide.match(/about (\d+) fits/)?.[1]) })).toBe('');
    const large = refused({ batch: 10_000_000 });
    expect(large).toMatch(/^--batch: it is 10000000; /);
    expect(refused({ batch: Number(large.match(/about (\d+) fits/)?.[1]) })).toBe('');
  });

  test('WebAssembly has 4 GiB, however much the computer has', () => {
    expect(() => checkTrainingMemory({ ...sizes, width: 6000 }, 'wasm', 1e12)).toThrow(/WebAssembly may hold 4.3 GB/);
    checkTrainingMemory({ ...sizes, width: 6000 }, 'webgpu', 1e12);
  });
});
