/**
 * The number of kernel calls in the Programs of solves, and how many of them are products, so that a change of the
 * solvers cannot increase them unnoticed. Calls in the body of a loop count once. Traced for each kind of backend, run
 * on the oracle.
 */
import { describe, expect, test } from 'vitest';
import { pushforward } from '../../src/autodiff/jacobian-products.ts';
import { Tape } from '../../src/autodiff/tape.ts';
import type { Backend, Statement } from '../../src/backends/backend.ts';
import { openCPU } from '../../src/backends/cpu/index.ts';
import { monotoneFixedPoint } from '../../src/implicit/monotone.ts';
import { fixedPoint, root } from '../../src/implicit/root.ts';
import {
  FORWARD_SOLVERS,
  type ForwardSolverName,
  LINEAR_SOLVERS,
  type LinearSolverName,
} from '../../src/solvers/index.ts';
import { Engine } from '../../src/tensor/engine.ts';
import type { Tensor } from '../../src/tensor/tensor.ts';
import { type MonotoneProblem, monotoneProblem } from '../support/numbers.ts';

/** The properties of a backend decide what is traced for it. */
const KINDS = {
  sequential: {},
  'loop by loop': { name: 'webgpu', widestIteration: 256 },
  'pass by pass': { name: 'webgpu', widestIteration: 0, largestPass: Number.POSITIVE_INFINITY },
  'kernel by kernel': { name: 'webgpu', widestIteration: 0, largestPass: 0 },
} as const satisfies Record<string, Partial<Backend>>;
type Kind = keyof typeof KINDS;
const KIND_NAMES = Object.keys(KINDS) as Kind[];

/** Counts the calls, and the products among them, of the Programs that run. */
class CountedEngine extends Engine {
  private calls = 0;
  private products = 0;

  constructor(kind: Kind) {
    const device = { ...openCPU(), ...KINDS[kind] };
    super({
      ...device,
      run: (program, ...rest) => {
        this.count(program.statements);
        return device.run(program, ...rest);
      },
    });
  }

  private count(steps: readonly Statement[]): void {
    for (const step of steps) {
      if (step.kernel === 'loop') this.count(step.body);
      else {
        this.calls += 1;
        if (step.kernel === 'product') this.products += 1;
      }
    }
  }

  /** The counts since the last call. */
  counted(): string {
    const told = `${this.calls}/${this.products}`;
    [this.calls, this.products] = [0, 0];
    return told;
  }
}

type Options = Partial<Parameters<typeof monotoneFixedPoint>[2]>;

/**
 * The counts of the solve, of its gradient, and of a tangent. Where failures are reported, a gradient leaves out
 * samples without a cotangent.
 */
function countsOf(engine: CountedEngine, { n, batch, W, b, v, margin }: MonotoneProblem, options: Options): string[] {
  const tape = new Tape();
  const weights = tape.watch(engine.tensor(W, [n, n]));
  const bias = tape.watch(engine.tensor(b, [batch, n]));
  const cotangent = engine.tensor(v, [batch, n]);
  engine.counted();
  const { z } = monotoneFixedPoint(weights, bias, { activation: 'relu', margin, onFailure: 'report', ...options });
  const forward = engine.counted();
  tape.pullback(z, [weights, bias], cotangent);
  const backward = engine.counted();
  pushforward(tape, [weights, bias], [weights, cotangent], [z]);
  return [forward, backward, engine.counted()];
}

/** The counts for each kind of backend, in the order of KINDS. */
function onEveryKind(countsFor: (engine: CountedEngine) => string[]): string[] {
  return KIND_NAMES.map((kind) => {
    const engine = new CountedEngine(kind);
    const told = countsFor(engine).join(' ');
    engine.close();
    return told;
  });
}

const PROBLEM = monotoneProblem(6, 3, 5);
/** Calls/products of a solve, its gradient and a tangent. */
const ofMonotone = (options: Options): string[] => onEveryKind((engine) => countsOf(engine, PROBLEM, options));

const FORWARD: Readonly<Record<ForwardSolverName, readonly string[]>> = {
  'peaceman-rachford': ['157/22 96/6 94/6', '112/7 96/6 94/6', '119/7 96/6 94/6', '121/8 96/6 94/6'],
  'forward-backward': ['113/18 96/6 94/6', '79/5 96/6 94/6', '85/5 96/6 94/6', '87/6 96/6 94/6'],
  picard: ['106/18 96/6 94/6', '77/5 96/6 94/6', '83/5 96/6 94/6', '80/6 96/6 94/6'],
  anderson: ['142/19 96/6 94/6', '79/5 96/6 94/6', '116/7 96/6 94/6', '116/7 96/6 94/6'],
  'anderson-peaceman-rachford': ['189/23 96/6 94/6', '112/7 96/6 94/6', '153/9 96/6 94/6', '153/9 96/6 94/6'],
  'anderson-picard': ['137/19 96/6 94/6', '77/5 96/6 94/6', '111/7 96/6 94/6', '111/7 96/6 94/6'],
  'anderson-picard+peaceman-rachford': ['220/23 96/6 94/6', '151/8 96/6 94/6', '192/10 96/6 94/6', '194/11 96/6 94/6'],
};

const LINEAR: Readonly<Record<LinearSolverName, readonly string[]>> = {
  'peaceman-rachford': ['157/22 101/3 99/3', '112/7 90/2 89/2', '119/7 98/2 96/2', '121/8 101/3 99/3'],
  'forward-backward': ['157/22 97/4 95/4', '112/7 82/3 81/3', '119/7 89/3 87/3', '121/8 97/4 95/4'],
  neumann: ['157/22 86/4 84/4', '112/7 80/3 79/3', '119/7 87/3 85/3', '121/8 86/4 84/4'],
  bicgstab: ['157/22 99/5 97/5', '112/7 99/5 97/5', '119/7 99/5 97/5', '121/8 99/5 97/5'],
  cgnr: ['157/22 96/6 94/6', '112/7 96/6 94/6', '119/7 96/6 94/6', '121/8 96/6 94/6'],
  gmres: ['157/22 118/5 116/5', '112/7 118/5 116/5', '119/7 118/5 116/5', '121/8 118/5 116/5'],
  'bicgstab+cgnr': ['157/22 157/10 155/10', '112/7 157/10 155/10', '119/7 157/10 155/10', '121/8 157/10 155/10'],
  'peaceman-rachford+bicgstab+cgnr': [
    '157/22 221/12 219/12',
    '112/7 210/11 209/11',
    '119/7 218/11 216/11',
    '121/8 221/12 219/12',
  ],
};

/** The Jacobian of softmax is not diagonal, and there is no kernel for its loop. */
const SOFTMAX = ['157/22 270/12 268/12', '121/8 270/12 268/12', '121/8 270/12 268/12', '121/8 270/12 268/12'];
/** A user's own equations, which are the same on every kind of backend. */
const OWN = { fixedPoint: '203/2 129/1 126/1', root: '139/1 126/1 123/1' };

describe('kernel calls / products of a solve, its gradient and a tangent', () => {
  test.each(Object.keys(FORWARD_SOLVERS) as ForwardSolverName[])('%s', (solver) => {
    expect(ofMonotone({ solver, linearSolver: 'cgnr' })).toEqual(FORWARD[solver]);
  });

  test.each(Object.keys(LINEAR_SOLVERS) as LinearSolverName[])('backward, %s', (linearSolver) => {
    expect(ofMonotone({ solver: 'peaceman-rachford', linearSolver })).toEqual(LINEAR[linearSolver]);
  });

  test('softmax', () => {
    expect(ofMonotone({ activation: 'softmax' })).toEqual(SOFTMAX);
  });

  test.each([
    ['fixedPoint', fixedPoint],
    ['root', root],
  ] as const)('%s', (name, solve) => {
    const found = onEveryKind((engine) => {
      const tape = new Tape();
      const [x, ones] = [tape.watch(engine.tensor([1, 2], [1, 2])), engine.tensor([1, 1], [1, 2])];
      engine.counted();
      const z = solve((y: Tensor, c: Tensor) => y.mul(0.25).relu().add(c), {
        unknown: ones,
        inputs: [x],
        onFailure: 'report',
      });
      const forward = engine.counted();
      tape.pullback(z, [x], ones);
      const backward = engine.counted();
      pushforward(tape, [x], [ones], [z]);
      return [forward, backward, engine.counted()];
    });
    expect(found).toEqual(KIND_NAMES.map(() => OWN[name]));
  });
});
