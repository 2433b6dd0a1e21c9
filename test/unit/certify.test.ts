/** The certificate of a user's own equation: right in both directions, with chained kinks too. */
import { afterAll, describe, expect, test, vi } from 'vitest';
import { valueAndGrad } from '../../src/autodiff/gradient.ts';
import { openCPU } from '../../src/backends/cpu/index.ts';
import { random } from '../../src/data/random.ts';
import type { ImplicitCertificate } from '../../src/implicit/certificate.ts';
import { CertificateError } from '../../src/implicit/failure-policy.ts';
import { inverse } from '../../src/implicit/inverse-and-argmin.ts';
import { fixedPoint, root } from '../../src/implicit/root.ts';
import type { FixedPointOptions } from '../../src/implicit/root-options.ts';
import { Engine } from '../../src/tensor/engine.ts';
import type { Tensor } from '../../src/tensor/tensor.ts';
import { loadKinks } from '../fixtures/load.ts';
import { findTruth, identity } from '../support/families.ts';
import { singularValues } from '../support/hypothesis.ts';
import { normals } from '../support/numbers.ts';

const engine = new Engine(openCPU());
afterAll(() => engine.close());
const column = (...values: number[]): Tensor => engine.tensor(values, [values.length, 1]);

/** The certificate of z = f(z) at the given z. */
async function at(f: (z: Tensor) => Tensor, z: Tensor, radius?: number): Promise<ImplicitCertificate> {
  const solution = fixedPoint(f, { unknown: z, inputs: [], solver: 'given', tolerance: 1e-9 });
  return solution.solve.certify({ radius });
}

describe('one unknown', () => {
  test('without a kink the matrix alone decides', async () => {
    const certificate = await at((z) => z.tanh().mul(0.5), column(0));
    expect(certificate).toMatchObject({ status: 'certified', argument: 'no kinks', kinks: [] });
    expect(certificate.samples[0].nearest?.smallestSingularValue).toBeCloseTo(0.5, 12);
  });
  test('a singular matrix fails without a kink', async () => {
    expect(await at((z) => z.mul(1), column(3))).toMatchObject({ status: 'failed', argument: 'singular base' });
  });
  test('z = relu(cz) at 0: 1 − cs for s in [0, 1] vanishes where c ≥ 1', async () => {
    for (const [c, status] of [
      [0.5, 'certified'],
      [0.999, 'certified'],
      [-3, 'certified'],
      [1, 'failed'],
      [2, 'failed'],
    ] as const) {
      const certificate = await at((z) => z.mul(c).relu(), column(0));
      expect([c, certificate.status]).toEqual([c, status]);
      expect(certificate.kinks).toEqual([{ sample: 0, operation: 'relu', place: 0, index: 0, value: 0, distance: 0 }]);
    }
    // At c = 2 the singular element has s = ½.
    expect((await at((z) => z.mul(2).relu(), column(0))).samples[0].witness?.[0]).toBeCloseTo(0.5, 6);
  });
  test('away from the kink there is one element, and within a radius there are both', async () => {
    // z = relu(2z − 1): z = 0 with 2z − 1 = −1, far from the kink; z = 1 on the other side.
    const f = (z: Tensor): Tensor => z.mul(2).sub(1).relu();
    expect(await at(f, column(0))).toMatchObject({ status: 'certified', kinks: [] });
    expect(await at(f, column(1))).toMatchObject({ status: 'certified', kinks: [] });
    expect(await at(f, column(0), 1)).toMatchObject({ status: 'failed' });
    expect((await at(f, column(0), 1)).kinks[0].distance).toBe(1);
    expect(await at(f, column(0), 0.99)).toMatchObject({ status: 'certified', kinks: [] });
  });
  test('|z|, leaky relu and clip are decided by the ends of their intervals', async () => {
    expect(await at((z) => z.abs().mul(0.9), column(0))).toMatchObject({ status: 'certified' });
    expect(await at((z) => z.abs().mul(1.1), column(0))).toMatchObject({ status: 'failed' });
    // 1 − 3s for s in [½, 1] never vanishes, for s in [¼, 1] it does.
    expect(await at((z) => z.mul(3).leakyRelu(0.5), column(0))).toMatchObject({ status: 'certified' });
    expect(await at((z) => z.mul(3).leakyRelu(0.25), column(0))).toMatchObject({ status: 'failed' });
    // At its upper end the clip of 2z − 1 has slopes in [0, 2].
    expect(await at((z) => z.mul(2).sub(1).clip(-1, 1), column(1))).toMatchObject({ status: 'failed' });
  });
  test('maximum and minimum: slopes between those of their operands', async () => {
    const pieces = (a: number, b: number) => (z: Tensor) => z.mul(a).maximum(z.mul(b));
    expect(await at(pieces(-1, 0.5), column(0))).toMatchObject({ status: 'certified' });
    expect(await at(pieces(2, 3), column(0))).toMatchObject({ status: 'certified' });
    expect(await at(pieces(0.5, 2), column(0))).toMatchObject({ status: 'failed' });
    expect(await at((z) => z.mul(0.5).minimum(z.mul(2)), column(0))).toMatchObject({ status: 'failed' });
    const { kinks } = await at(pieces(0.5, 0.25), column(0));
    expect(kinks).toEqual([{ sample: 0, operation: 'maximum', place: 0, index: 0, value: 0, distance: 0 }]);
  });
});

describe('chained kinks are lifted', () => {
  test('relu of relu: s₁s₂ has the ends of s, and every value between', async () => {
    expect(await at((z) => z.mul(0.9).relu().relu(), column(0))).toMatchObject({ status: 'certified' });
    const failed = await at((z) => z.mul(2).relu().relu(), column(0));
    expect(failed.status).toBe('failed');
    expect(failed.kinks.map(({ place }) => place)).toEqual([0, 1]);
  });
  test('a function that is smooth but is written with kinks fails as it is written', async () => {
    // relu(z) − relu(−z) is z, yet z = 2(relu(z) − relu(−z)) has B = 1 − 2(s + t), which vanishes at s + t = ½.
    expect(await at((z) => z.relu().sub(z.neg().relu()).mul(2), column(0))).toMatchObject({ status: 'failed' });
    expect(await at((z) => z.relu().sub(z.neg().relu()).mul(0.4), column(0))).toMatchObject({ status: 'certified' });
  });
  test('a kinked value that is used twice is one unknown, one that is computed twice is two', async () => {
    // B = 1 − 3(st − s) with s in [0, 1], t in [−1, 1] is at least 1.
    const shared = (z: Tensor): Tensor => {
      const value = z.relu();
      return value.abs().sub(value).mul(3);
    };
    expect(await at(shared, column(0))).toMatchObject({ status: 'certified' });
    // B = 1 − 3(st − s′) vanishes.
    expect(await at((z) => z.relu().abs().sub(z.relu()).mul(3), column(0))).toMatchObject({ status: 'failed' });
  });
});

describe('several unknowns and samples', () => {
  test("Clarke's map: every element [α 1; 2 β] has determinant αβ − 2", async () => {
    const F = (z: Tensor): Tensor => {
      const [a, b] = [z.slice([0, 0], [z.shape[0], 1]), z.slice([0, 1], [z.shape[0], 1])];
      const [e1, e2] = [z.context.upload([1, 0], [1, 2], z), z.context.upload([0, 1], [1, 2], z)];
      return a.abs().add(b).matmul(e1).add(a.mul(2).add(b.abs()).matmul(e2));
    };
    const solution = inverse(F, engine.tensor([0, 0], [1, 2]), {
      unknown: engine.tensor([0, 0], [1, 2]),
      solver: 'given',
    });
    const certificate = await solution.solve.certify({ exact: true });
    expect(certificate.status).toBe('certified');
    expect(certificate.samples[0].exact).toBe(true);
    expect(certificate.kinks.map(({ operation }) => operation)).toEqual(['abs', 'abs']);
  });

  test('layers that lie exactly on kinks are certified', async () => {
    for (const { n, W, b, z, activation, tau } of loadKinks()) {
      const solution = fixedPoint(
        (y, weights, bias) => {
          const p = y.matmul(weights, { transposeB: true }).add(bias);
          return activation === 'relu' ? p.relu() : p.softThreshold(tau ?? 1);
        },
        {
          unknown: engine.tensor(z, [1, n]),
          inputs: [engine.tensor(W.flat(), [n, n]), engine.tensor(b, [1, n])],
          solver: 'given',
          tolerance: 1e-9,
        },
      );
      const certificate = await solution.solve.certify();
      expect(certificate.status).toBe('certified');
      expect(certificate.kinks.length).toBeGreaterThan(0);
    }
  });

  test('the worst sample of a batch decides, and each sample is reported', async () => {
    const f = (z: Tensor): Tensor => z.mul(2).sub(1).relu();
    const certificate = await at(f, column(0, 1, 0), 0.5);
    expect(certificate.samples.map(({ status }) => status)).toEqual(['certified', 'certified', 'certified']);
    const g = (z: Tensor): Tensor => z.mul(2).relu();
    expect((await at(g, column(0, 0))).samples.map(({ status }) => status)).toEqual(['failed', 'failed']);
  });

  test('a degenerate minimum, where the Hessian vanishes, fails', async () => {
    // The gradient of (s − u)⁴ is 4(s − u)³.
    const solution = root((s, u) => s.sub(u).mul(s.sub(u).square()).mul(4), {
      unknown: column(2),
      inputs: [column(2)],
      solver: 'given',
    });
    expect(await solution.solve.certify()).toMatchObject({ status: 'failed', argument: 'singular base' });
  });
});

describe('the certificate requested with the gradient', () => {
  const gradient = (c: number, options: Partial<FixedPointOptions>) =>
    valueAndGrad(
      (x) =>
        fixedPoint((z, given) => z.mul(c).relu().add(given), {
          unknown: column(0),
          inputs: [x],
          solver: 'given',
          certify: true,
          ...options,
        }).sum(),
      [column(0)],
    );
  test('a gradient at a singular element throws, warns or passes, as the caller wants', async () => {
    await expect(gradient(2, { onFailedCertificate: 'throw' })).rejects.toThrow(CertificateError);
    await expect(gradient(2, { onFailedCertificate: 'throw' })).rejects.toThrow(
      'fixedPoint: the implicit function theorem does not apply at this solution',
    );
    const warn = vi.spyOn(console, 'warn').mockImplementation(() => {});
    const [, [slope]] = await gradient(2, {});
    expect((await slope.data())[0]).toBe(1); // with relu'(0) = 0
    expect(warn).toHaveBeenCalledTimes(1);
    await gradient(2, { onFailedCertificate: 'ignore' });
    await gradient(0.5, { onFailedCertificate: 'throw' });
    expect(warn).toHaveBeenCalledTimes(1);
    warn.mockRestore();
  });
  test('with the radius given', async () => {
    const far = { unknown: column(3), certify: { radius: 10 }, onFailedCertificate: 'throw', solver: 'given' } as const;
    const failing = valueAndGrad(
      (x) => fixedPoint((z, given) => z.mul(2).relu().sub(given), { ...far, inputs: [x] }).sum(),
      [column(3)],
    );
    await expect(failing).rejects.toThrow(CertificateError);
  });
});

describe('random z = relu(Wz + b), each sample at some of its kinks', () => {
  test('certified or failed as exact determinants say, in 1000 cases', async () => {
    const counts = { certified: 0, failed: 0 };
    const kinksSeen = new Set<number>();
    let cases = 0;
    for (let seed = 0; cases < 1000; seed++) {
      const draws = random(seed);
      const n = 1 + draws.integer(8);
      // Many of those with small entries are certified. Multiples of 1/8 make everything here exact.
      const size = [4, 8, 12][draws.integer(3)];
      const W = Array.from({ length: n * n }, () => (draws.integer(2 * size + 1) - size) / 8);
      const batch = 20;
      // At z = 0 the pre-activation is b: 0 at a kink, 1 where relu is active, −1 where it is not. z = relu(b) is 0
      // where b ≤ 0; where relu is active, b itself is subtracted.
      const sides = Array.from({ length: batch * n }, () => [0, 0, 1, -1][draws.integer(4)]);
      const active = sides.map((side) => (side > 0 ? 1 : 0));
      const shape = [batch, n];
      const solution = fixedPoint((z, w, b, taken) => z.matmul(w, { transposeB: true }).add(b).relu().sub(taken), {
        unknown: engine.tensor(new Float64Array(batch * n), shape),
        inputs: [engine.tensor(W, [n, n]), engine.tensor(sides, shape), engine.tensor(active, shape)],
        solver: 'given',
        tolerance: 1e-12,
      });
      const { samples } = await solution.solve.certify();
      for (const [sample, { status, kinks }] of samples.entries()) {
        const own = sides.slice(sample * n, (sample + 1) * n);
        const kinked = own.flatMap((side, i) => (side === 0 ? [i] : []));
        if (kinked.length === 0) continue;
        const family = {
          n,
          base: W.map((w, at) => (at % (n + 1) === 0 ? 1 : 0) - (own[Math.floor(at / n)] > 0 ? w : 0)),
          terms: kinked.map((kink) => ({
            a: own.map((_, i) => (i === kink ? 1 : 0)),
            b: W.slice(kink * n, (kink + 1) * n),
          })),
        };
        const expected = findTruth(family, 8).invertible ? 'certified' : 'failed';
        expect([seed, sample, status]).toEqual([seed, sample, expected]);
        expect(kinks).toBe(kinked.length);
        counts[expected] += 1;
        kinksSeen.add(kinked.length);
        cases += 1;
      }
    }
    expect(Math.min(counts.certified, counts.failed), JSON.stringify(counts)).toBeGreaterThan(200);
    for (let kinks = 1; kinks <= 7; kinks++) expect(kinksSeen).toContain(kinks);
  });
});

describe('an estimate of σ_min, from solves alone', () => {
  test('on request: never below σ_min, near it, and scaled by σ_max', async () => {
    const [n, batch] = [12, 3];
    const M = identity(n).map((entry, at) => entry + normals(n * n, 7, 0.25)[at]);
    const solution = root((z, x, matrix) => z.matmul(matrix, { transposeB: true }).sub(x), {
      unknown: engine.tensor(new Float64Array(batch * n), [batch, n]),
      inputs: [engine.tensor(new Float64Array(batch * n), [batch, n]), engine.tensor(M, [n, n])],
      solver: 'given',
      backwardTolerance: 1e-12,
    });
    const { smallest, largest } = singularValues(M, n);
    for (const iterations of [2, n]) {
      const certificate = await solution.solve.certify({ estimate: { iterations } });
      expect(certificate).toMatchObject({ status: 'unknown', argument: 'σ_min estimate' });
      expect(certificate.samples).toHaveLength(batch);
      for (const { nearest, nearlySingular } of certificate.samples) {
        expect(nearest?.smallestSingularValue).toBeGreaterThan(smallest * (1 - 1e-9));
        if (iterations === n) expect(nearest?.smallestSingularValue).toBeCloseTo(smallest, 9);
        const scale = (nearest?.smallestSingularValue ?? 0) / (nearest?.relativeSingularValue ?? 1);
        expect(scale).toBeLessThanOrEqual(largest * (1 + 1e-9));
        expect(scale).toBeGreaterThan(0.7 * largest);
        expect(nearlySingular).toBe(false);
      }
    }
  });

  test('of a system that is too large for a proof, unless it is a contraction', async () => {
    const n = 300;
    const at = (slope: number) =>
      fixedPoint((z, x) => z.mul(slope).relu().add(x), {
        unknown: engine.tensor(new Float64Array(2 * n).fill(1), [2, n]),
        inputs: [engine.tensor(new Float64Array(2 * n).fill(1 - slope), [2, n])],
        solver: 'given',
        tolerance: 1e-9,
      }).solve;
    const certificate = await at(1.5).certify();
    expect(certificate).toMatchObject({ status: 'unknown', argument: 'σ_min estimate', kinks: [] });
    expect(certificate.reason).toContain('certify: 300 unknowns and 300 kinked values make a system of order 600');
    // z = 1 is to the right of the kink: B = −½.
    expect(certificate.samples[1].nearest?.smallestSingularValue).toBeCloseTo(0.5, 3);
    expect(await at(0.5).certify()).toMatchObject({ status: 'certified', argument: 'contraction' });
    await expect(at(1.5).gradientInterval(engine.tensor(new Float64Array(2 * n), [2, n]), {})).rejects.toThrow(
      'gradientInterval: inputs[0] holds 600 numbers',
    );
  });

  test('nearly singular and singular samples are reported one by one, with a warning if a gradient was requested', async () => {
    const D = engine.tensor([1, 0.5, 0.25, 1, 1e-7, 0.5, 1, 0, 0.5], [3, 3]);
    const F = (z: Tensor, x: Tensor, d: Tensor): Tensor => z.mul(d).sub(x);
    const options = {
      unknown: engine.tensor(new Float64Array(9), [3, 3]),
      solver: 'given',
      linearSolver: 'dense',
      backwardTolerance: 1e-10,
    } as const;
    const solution = root(F, { ...options, inputs: [engine.tensor(new Float64Array(9), [3, 3]), D] });
    const { samples, status } = await solution.solve.certify({ estimate: true });
    expect(status).toBe('unknown');
    expect(samples.map(({ nearlySingular }) => nearlySingular)).toEqual([false, true, true]);
    expect(samples[1].nearest?.smallestSingularValue).toBeCloseTo(1e-7, 12);
    expect(samples[2].reason).toContain('did not converge: it may be singular');
    const warn = vi.spyOn(console, 'warn').mockImplementation(() => {});
    await valueAndGrad(
      (x) =>
        root(F, {
          ...options,
          unknown: column(0),
          inputs: [x, column(1e-5)],
          certify: { warnBelow: 2, estimate: true },
        }).sum(),
      [column(0)],
    );
    expect(warn).toHaveBeenCalledTimes(1);
    expect(warn.mock.calls[0][0]).toContain('nearly singular (σ_min is at most about 1.0e-5)');
    warn.mockRestore();
  });
});

test('wrong arguments', async () => {
  await expect(at((z) => z.mul(0.5), column(0), -1)).rejects.toThrow(
    'certify: radius is -1; it must be a finite number of at least 0',
  );
});
