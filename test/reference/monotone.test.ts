/** The independent float64 problems: solutions and gradients, on every backend and with every solver. */
import { afterAll, describe, expect, test } from 'vitest';
import { Tape } from '../../src/autodiff/tape.ts';
import { monotoneFixedPoint } from '../../src/implicit/monotone.ts';
import { monotoneMatrix } from '../../src/implicit/parametrisation.ts';
import { isSolved } from '../../src/solvers/report.ts';
import { type Engine, open } from '../../src/tensor/engine.ts';
import { loadKinks, loadMonotone } from '../fixtures/load.ts';
import { relativeError } from '../support/numbers.ts';

const BOUNDS = {
  cpu: { z: 1e-9, gradient: 1e-8 },
  wasm: { z: 1e-5, gradient: 1e-4 },
  gpujs: { z: 1e-5, gradient: 1e-4 },
  webgpu: { z: 1e-5, gradient: 1e-4 },
} as const;
/** Every solver once, forward and backward, but those that converge only where W contracts. */
const SOLVERS = [
  ['peaceman-rachford', 'auto'],
  ['forward-backward', 'bicgstab+cgnr'],
  ['anderson', 'gmres'],
  ['anderson-peaceman-rachford', 'peaceman-rachford'],
  ['anderson-picard+peaceman-rachford', 'bicgstab'],
  ['auto', 'cgnr'],
] as const;
/** At its guaranteed step forward-backward would need about 10⁷ iterations on the ill-conditioned problem. */
const GRADUAL: readonly string[] = ['forward-backward', 'anderson'];

function activationOf(name: string, tau: number | null | undefined) {
  return name === 'softthreshold'
    ? ({ name: 'softThreshold', threshold: tau ?? 0 } as const)
    : (name as 'relu' | 'tanh' | 'sigmoid');
}

for (const backend of ['cpu', 'wasm', 'gpujs', 'webgpu'] as const) {
  const engines: Engine[] = [];
  const engine = async (): Promise<Engine> => {
    if (engines.length === 0) engines.push(await open({ backend }));
    return engines[0];
  };
  afterAll(() => engines[0]?.close());

  describe(`reference problems on ${backend}`, () => {
    for (const name of ['n4', 'n32', 'n87', 'illcond'] as const) {
      for (const reference of loadMonotone(name)) {
        for (const [solver, linearSolver] of SOLVERS) {
          if (GRADUAL.includes(solver) && name === 'illcond') continue;
          // On the device the parity cases have them, at sizes that a software adapter can bear.
          if (solver.startsWith('anderson') && backend === 'webgpu') continue;
          // Near the floor of float32 it takes thousands of passes, and so does wasm, which is faster.
          if (solver === 'anderson' && backend === 'gpujs') continue;
          test(`${name} ${reference.activation}, ${solver}, ${linearSolver}`, async () => {
            const e = await engine();
            const { n, batch, m } = reference;
            const tape = new Tape();
            const W = tape.watch(e.tensor(reference.W.flat(), [n, n]));
            const b = tape.watch(e.tensor(reference.b.flat(), [batch, n]));
            const solution = monotoneFixedPoint(W, b, {
              activation: activationOf(reference.activation, reference.tau),
              margin: m,
              tolerance: 4 * e.epsilon,
              solver,
              linearSolver,
              limit: 5000,
            });
            const [gradW, gradB] = tape.pullback(solution.z, [W, b], e.tensor(reference.v.flat(), [batch, n]));
            const bound = BOUNDS[backend];
            expect(relativeError(await solution.z.data(), reference.z.flat())).toBeLessThanOrEqual(bound.z);
            expect(relativeError(await gradB.data(), reference.grad_b.flat())).toBeLessThanOrEqual(bound.gradient);
            expect(relativeError(await gradW.data(), reference.grad_W.flat())).toBeLessThanOrEqual(bound.gradient);
            expect((await solution.report).samples.every(isSolved)).toBe(true);
          });
        }
      }
    }

    for (const reference of loadMonotone('n32')) {
      test(`gradients of A, B and m through the parametrisation: ${reference.activation}`, async () => {
        const e = await engine();
        const { n, batch } = reference;
        const tape = new Tape();
        const [A, B] = [reference.A, reference.B].map((matrix) =>
          tape.watch(e.tensor((matrix as number[][]).flat(), [n, n])),
        );
        const m = tape.watch(e.tensor([reference.m], [1]));
        const solution = monotoneFixedPoint(monotoneMatrix(A, B, m), e.tensor(reference.b.flat(), [batch, n]), {
          activation: activationOf(reference.activation, reference.tau),
          margin: reference.m,
          tolerance: 4 * e.epsilon,
        });
        const gradients = tape.pullback(solution.z, [A, B, m], e.tensor(reference.v.flat(), [batch, n]));
        const [gradA, gradB, gradM] = await Promise.all(gradients.map((gradient) => gradient.data()));
        const bound = BOUNDS[backend].gradient;
        expect(relativeError(gradA, (reference.grad_A as number[][]).flat())).toBeLessThanOrEqual(bound);
        expect(relativeError(gradB, (reference.grad_B as number[][]).flat())).toBeLessThanOrEqual(bound);
        // The trace adds entries of either sign: its error is measured against the norm of what is added.
        const diagonal = reference.grad_W.map((row, i) => row[i]);
        expect(Math.abs(gradM[0] - (reference.grad_m as number))).toBeLessThanOrEqual(bound * Math.hypot(...diagonal));
      });
    }
  });

  describe(`exact kinks on ${backend}`, () => {
    for (const reference of loadKinks()) {
      for (const selection of [0, 0.5, 1]) {
        test(`${reference.activation}, selection ${selection}`, async () => {
          const e = await engine();
          const { n } = reference;
          const listed = reference.admissible.find(({ q }) => q.every((one) => one === selection));
          if (!listed) throw new Error('the fixture lists no such selection');
          const tape = new Tape();
          const W = tape.watch(e.tensor(reference.W.flat(), [n, n]));
          const b = tape.watch(e.tensor(reference.b, [1, n]));
          const solution = monotoneFixedPoint(W, b, {
            activation: activationOf(reference.activation, reference.tau),
            margin: reference.m,
            tolerance: 4 * e.epsilon,
            selection,
          });
          const [gradW, gradB] = tape.pullback(solution.z, [W, b], e.tensor(reference.v, [1, n]));
          const bound = BOUNDS[backend];
          expect(relativeError(await solution.z.data(), reference.z)).toBeLessThanOrEqual(bound.z);
          expect(relativeError(await gradB.data(), listed.grad_b)).toBeLessThanOrEqual(bound.gradient);
          expect(relativeError(await gradW.data(), listed.grad_W.flat())).toBeLessThanOrEqual(bound.gradient);
          const { kinks, status, argument } = await solution.certificate();
          expect(kinks.map(({ index }) => index)).toEqual(reference.kink_coords);
          expect([status, argument]).toEqual(['certified', 'margin']);
        });
      }
    }
  });
}
