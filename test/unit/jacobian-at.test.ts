/** The parts of the Jacobian of an element-wise σ, for every activation and selection, from its derivative alone. */
import { afterAll, expect, test } from 'vitest';
import { ACTIVATION_KERNELS, activationOf, type ElementwiseActivation } from '../../src/solvers/activations.ts';
import { jacobianAt } from '../../src/solvers/nonlinearity.ts';
import { createOracle } from '../support/engines.ts';
import { relativeError } from '../support/numbers.ts';

const engine = createOracle();
afterAll(() => engine.close());

const NAMES = Object.keys(ACTIVATION_KERNELS) as ElementwiseActivation[];
const [ALPHA, TOLERANCE] = [0.7, 1e-6];

test.each(NAMES.flatMap((name) => [0, 0.3, 1].map((selection) => [name, selection] as const)))(
  'J, its factors and its proximal operator agree with the derivative: %s, selection %f',
  async (name, selection) => {
    const activation = activationOf(name);
    const kinks = ACTIVATION_KERNELS[name].kinks(activation.parameters);
    const points = [-2.5, -0.4, 0.6, 3, ...kinks];
    const y = points.map((_, at) => 1 + at);
    const inputs = [engine.tensor(points, [1, points.length]), engine.tensor(y, [1, points.length])];
    const made = engine.run(`${name} ${selection}`, inputs, ([p, x], tracing) => {
      const number = (value: number) => tracing.constant({ kind: 'fill', value }, [1, 1]);
      const J = jacobianAt(activation, p, kinks.length > 0 ? number(TOLERANCE) : undefined, selection);
      return [J.diagonal ?? x, J.apply(x), J.factor(J.factorTransposed(x)), J.proximal(number(ALPHA))(x)];
    });
    const [d, applied, factored, proximal] = await Promise.all(made.map((tensor) => tensor.data()));
    const times = Array.from(d, (slope, at) => slope * y[at]);
    expect(relativeError(applied, times)).toBeLessThan(1e-14);
    expect(relativeError(factored, times)).toBeLessThan(1e-14);
    const expected = Array.from(d, (slope, at) => (slope / (slope + ALPHA * (1 - slope))) * y[at]);
    expect(relativeError(proximal, expected)).toBeLessThan(1e-14);
  },
);
