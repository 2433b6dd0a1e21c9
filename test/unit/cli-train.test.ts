import { describe, expect, test } from 'vitest';
import { run } from '../fixtures/cli/run.ts';

const short = ['train', '--backend', 'cpu', '--width', '8', '--epochs', '1'];

const EPOCH =
  /^epoch 1\/1 {2}loss \d+\.\d{4} {2}training +\d+\.\d\d % {2}held-out +\d+\.\d\d % {2}iterations \d+\.\d forward, \d+\.\d backward {2}\d+\.\d\d s$/;

describe('equilibra train', () => {
  test('states what it trains, how each epoch went, and how good the result is', async () => {
    const { code, out, error, lines } = await run(short);
    expect(error).toBe('');
    expect(code).toBe(0);
    const [data, model, backend, epoch, accuracy, seconds, end, ...rest] = out.split('\n');
    expect(data).toBe('data     digits: 1437 training, 360 held-out');
    // A, B: 8 × 8; U: 8 × 64; c: 8; then 10 × 8 and 10.
    expect(model).toBe('model    monotone 64 → 8, dense 8 → 10: 738 parameters');
    expect(backend).toBe('backend  cpu: plain JavaScript loops in float64');
    expect(epoch).toMatch(EPOCH);
    expect(accuracy).toMatch(/^test accuracy \d+\.\d\d % \(\d+ of 360\)$/);
    expect(seconds).toMatch(/^\d+\.\d s in all$/);
    expect([end, ...rest]).toEqual(['']);
    expect(lines).toEqual([]);
    // Training works, and the held-out accuracy of the last epoch is the test accuracy.
    const share = Number(accuracy.match(/[\d.]+/)?.[0]);
    expect(share).toBeGreaterThan(30);
    expect(epoch).toContain(`held-out ${share.toFixed(2).padStart(6)} %`);
  });

  test('gives the same model for the same seed, and another for another', async () => {
    const losses = await Promise.all(
      ['1', '1', '2'].map(async (seed) => (await run([...short, '--seed', seed])).out.match(/loss [\d.]+/)?.[0]),
    );
    expect(losses[0]).toBe(losses[1]);
    expect(losses[0]).not.toBe(losses[2]);
  });

  test('draws its progress on a terminal', async () => {
    const { lines } = await run([...short, '--batch', '500'], { terminal: true });
    expect(lines).toHaveLength(4);
    expect(lines[0]).toMatch(/^epoch 1\/1 {2}█{8}░{16} 1\/3 {2}loss \d\.\d{4}$/); // nothing is known of the time
    expect(lines[2]).toMatch(/█{24} 3\/3 {2}loss \d\.\d{4} {2}0 s left$/);
    expect(lines[3]).toBe('');
  });

  test.each(['tanh', 'sigmoid', 'softthreshold', 'leakyRelu', 'clip'])('trains with %s', async (activation) => {
    const { code, out } = await run([...short, '--activation', activation, '--solver', 'forward-backward']);
    expect(out).toContain('test accuracy');
    expect(code).toBe(0);
  });

  test('ends cleanly when it is interrupted', async () => {
    const controller = new AbortController();
    const { code, out, error } = await run([...short, '--epochs', '50'], {
      interruption: controller.signal,
      onOut: (text) => {
        if (text.startsWith('epoch')) controller.abort();
      },
    });
    expect(out.match(/^epoch/gm)).toHaveLength(1);
    expect(error).toBe('interrupted\n');
    expect(code).toBe(130);
  });

  test('ends with exit code 3 where a solve does not converge', async () => {
    const { code, error } = await run([...short, '--margin', '1e-6', '--solver', 'forward-backward']);
    expect(error).toMatch(/^equilibra: monotone, forward: \d+ of 64 samples did not converge [^\n]*\n$/);
    expect(code).toBe(3);
  });

  test('chooses a backend by itself, and points to the reason why it is not webgpu', async () => {
    const { out } = await run(['train', '--width', '8', '--epochs', '1']);
    expect(out).toMatch(/^backend {2}(webgpu: .*|wasm: .*; `equilibra doctor` says why not webgpu)$/m);
  });
});
