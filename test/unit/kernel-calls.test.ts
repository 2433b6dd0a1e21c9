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
  'peaceman-rachford': ['156/22 95/6 93/6', '112/7 95/6 93/6', '118/7 95/6 93/6', '120/8 95/6 93/6'],
  'forward-backward': ['113/18 95/6 93/6', '79/5 95/6 93/6', '85/5 95/6 93/6', '87/6 95/6 93/6'],
  picard: ['106/18 95/6 93/6', '77/5 95/6 93/6', '83/5 95/6 93/6', '80/6 95/6 93/6'],
  anderson: ['142/19 95/6 93/6', '79/5 95/6 93/6', '116/7 95/6 93/6', '116/7 95/6 93/6'],
  'anderson-peaceman-rachford': ['188/23 95/6 93/6', '112/7 95/6 93/6', '152/9 95/6 93/6', '152/9 95/6 93/6'],
  'anderson-picard': ['137/19 95/6 93/6', '77/5 95/6 93/6', '111/7 95/6 93/6', '111/7 95/6 93/6'],
  'anderson-picard+peaceman-rachford': ['219/23 95/6 93/6', '151/8 95/6 93/6', '191/10 95/6 93/6', '193/11 95/6 93/6'],
};

const LINEAR: Readonly<Record<LinearSolverName, readonly string[]>> = {
  'peaceman-rachford': ['156/22 96/3 94/3', '112/7 86/2 85/2', '118/7 93/2 91/2', '120/8 96/3 94/3'],
  'forward-backward': ['156/22 93/4 91/4', '112/7 82/3 81/3', '118/7 89/3 87/3', '120/8 93/4 91/4'],
  neumann: ['156/22 86/4 84/4', '112/7 80/3 79/3', '118/7 87/3 85/3', '120/8 86/4 84/4'],
  bicgstab: ['156/22 98/5 96/5', '112/7 98/5 96/5', '118/7 98/5 96/5', '120/8 98/5 96/5'],
  cgnr: ['156/22 95/6 93/6', '112/7 95/6 93/6', '118/7 95/6 93/6', '120/8 95/6 93/6'],
  gmres: ['156/22 117/5 115/5', '112/7 117/5 115/5', '118/7 117/5 115/5', '120/8 117/5 115/5'],
  'bicgstab+cgnr': ['156/22 156/10 154/10', '112/7 156/10 154/10', '118/7 156/10 154/10', '120/8 156/10 154/10'],
  'peaceman-rachford+bicgstab+cgnr': [
    '156/22 215/12 213/12',
    '112/7 205/11 204/11',
    '118/7 212/11 210/11',
    '120/8 215/12 213/12',
  ],
};

/** The Jacobian of softmax is not diagonal, and there is no kernel for its loop. */
const SOFTMAX = ['156/22 269/12 267/12', '120/8 269/12 267/12', '120/8 269/12 267/12', '120/8 269/12 267/12'];
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
