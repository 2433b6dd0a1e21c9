/**
 * How many kernel calls the Programs of solves are made of, and how many of these are products: what a change of the solvers must
 * not let grow without notice. Calls in the body of a loop count once. Traced for each kind of backend, run on the oracle.
 */
import { describe, expect, test } from 'vitest';
import { Tape } from '../../src/autodiff/tape.ts';
import type { Backend, Step } from '../../src/backends/backend.ts';
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

/** What a backend says of itself decides what is traced for it. */
const KINDS = {
  sequential: {},
  'loop by loop': { name: 'webgpu', widestIteration: 256 },
  'pass by pass': { name: 'webgpu', widestIteration: 0, largestPass: Number.POSITIVE_INFINITY },
  'kernel by kernel': { name: 'webgpu', widestIteration: 0, largestPass: 0 },
} as const satisfies Record<string, Partial<Backend>>;
type Kind = keyof typeof KINDS;
const KIND_NAMES = Object.keys(KINDS) as Kind[];

/** Calls, and products among them, of the Programs that are run from one moment to another. */
class CountedEngine extends Engine {
  private calls = 0;
  private products = 0;

  constructor(kind: Kind) {
    const device = { ...openCPU(), ...KINDS[kind] };
    super({
      ...device,
      run: (program, ...rest) => {
        this.count(program.steps);
        return device.run(program, ...rest);
      },
    });
  }

  private count(steps: readonly Step[]): void {
    for (const step of steps) {
      if (step.kernel === 'loop') this.count(step.body);
      else {
        this.calls += 1;
        if (step.kernel === 'product') this.products += 1;
      }
    }
  }

  /** Since the last time. */
  counted(): string {
    const told = `${this.calls}/${this.products}`;
    [this.calls, this.products] = [0, 0];
    return told;
  }
}

type Options = Partial<Parameters<typeof monotoneFixedPoint>[2]>;

/** Of the solve, of its gradient, and of a tangent. Where failures are reported a gradient leaves out samples without a cotangent. */
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
  tape.pushforward([weights, bias], [weights, cotangent], [z]);
  return [forward, backward, engine.counted()];
}

/** Of each kind of backend, in the order of KINDS. */
function onEveryKind(countsFor: (engine: CountedEngine) => string[]): string[] {
  return KIND_NAMES.map((kind) => {
    const engine = new CountedEngine(kind);
    const told = countsFor(engine).join(' ');
    engine.close();
    return told;
  });
}

const PROBLEM = monotoneProblem(6, 3, 5);
/** Calls / products, of a solve, its gradient and a tangent. */
const ofMonotone = (options: Options): string[] => onEveryKind((engine) => countsOf(engine, PROBLEM, options));

const FORWARD: Readonly<Record<ForwardSolverName, readonly string[]>> = {
  'peaceman-rachford': ['154/22 88/6 88/6', '109/7 88/6 88/6', '116/7 88/6 88/6', '118/8 88/6 88/6'],
  'forward-backward': ['110/18 88/6 88/6', '76/5 88/6 88/6', '82/5 88/6 88/6', '84/6 88/6 88/6'],
  picard: ['103/18 88/6 88/6', '74/5 88/6 88/6', '80/5 88/6 88/6', '77/6 88/6 88/6'],
  anderson: ['139/19 88/6 88/6', '76/5 88/6 88/6', '113/7 88/6 88/6', '113/7 88/6 88/6'],
  'anderson-peaceman-rachford': ['186/23 88/6 88/6', '109/7 88/6 88/6', '150/9 88/6 88/6', '150/9 88/6 88/6'],
  'anderson-picard': ['134/19 88/6 88/6', '74/5 88/6 88/6', '108/7 88/6 88/6', '108/7 88/6 88/6'],
  'anderson-picard+peaceman-rachford': ['217/23 88/6 88/6', '148/8 88/6 88/6', '189/10 88/6 88/6', '191/11 88/6 88/6'],
};

const LINEAR: Readonly<Record<LinearSolverName, readonly string[]>> = {
  'peaceman-rachford': ['154/22 92/4 92/4', '109/7 80/3 81/3', '116/7 88/3 88/3', '118/8 92/4 92/4'],
  'forward-backward': ['154/22 89/4 89/4', '109/7 74/3 75/3', '116/7 81/3 81/3', '118/8 89/4 89/4'],
  neumann: ['154/22 78/4 78/4', '109/7 72/3 73/3', '116/7 79/3 79/3', '118/8 78/4 78/4'],
  bicgstab: ['154/22 91/5 91/5', '109/7 91/5 91/5', '116/7 91/5 91/5', '118/8 91/5 91/5'],
  cgnr: ['154/22 88/6 88/6', '109/7 88/6 88/6', '116/7 88/6 88/6', '118/8 88/6 88/6'],
  gmres: ['154/22 110/5 110/5', '109/7 110/5 110/5', '116/7 110/5 110/5', '118/8 110/5 110/5'],
  'bicgstab+cgnr': ['154/22 149/10 149/10', '109/7 149/10 149/10', '116/7 149/10 149/10', '118/8 149/10 149/10'],
  'peaceman-rachford+bicgstab+cgnr': [
    '154/22 212/13 212/13',
    '109/7 200/12 201/12',
    '116/7 208/12 208/12',
    '118/8 212/13 212/13',
  ],
};

/** Softmax has a Jacobian that is not diagonal, and no kernel for its loop. */
const SOFTMAX = ['157/22 266/13 266/13', '121/8 266/13 266/13', '121/8 266/13 266/13', '121/8 266/13 266/13'];
/** Of equations that the user wrote, alike on every kind. */
const OWN = { fixedPoint: '190/2 123/1 124/1', root: '126/1 120/1 121/1' };

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
      tape.pushforward([x], [ones], [z]);
      return [forward, backward, engine.counted()];
    });
    expect(found).toEqual(KIND_NAMES.map(() => OWN[name]));
  });
});
