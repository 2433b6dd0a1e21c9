import { POSITIVE } from '../arguments/check.ts';
import { describeValue } from '../arguments/describe-value.ts';
import { type Checks, readOptions } from '../arguments/options.ts';
import type { Engine } from '../tensor/engine.ts';
import { divideOrZero, elementwise, reduceAll } from '../tensor/kernels.ts';
import { joinEndToEnd } from '../tensor/move-kernels.ts';
import type { Tensor } from '../tensor/tensor.ts';
import type { Tracing } from '../tensor/tracing.ts';
import { OPTIMISER, type Optimiser } from './optimiser.ts';

/** Options of `clipped`: exactly one of the two. */
export type ClipOptions =
  | {
      /** The largest allowed norm of all gradients together, > 0. */
      norm: number;
      /** Not with `norm`. */
      value?: undefined;
    }
  | {
      /** The largest allowed absolute value of each number of a gradient, > 0. */
      value: number;
      /** Not with `value`. */
      norm?: undefined;
    };

const OPTIONS: Checks<ClipOptions> = { norm: 0, value: 0 };

/** PyTorch adds this to the norm before it divides. */
const OFFSET = 1e-6;

/**
 * An optimiser that clips the gradients before it uses them (Pascanu et al. 2013, Algorithm 1, as in PyTorch). With
 * norm c: g ← g·min(1, c/(‖g‖ + 1e-6)), where ‖g‖ is taken over all parameters. With value c: each number x of a
 * gradient becomes min(max(x, −c), c).
 * @throws RangeError unless exactly one of the two is given, or where the optimiser has `theorem3`
 */
export function clipped(optimiser: Optimiser, given: ClipOptions): Optimiser {
  OPTIMISER('clipped: optimiser', optimiser);
  const options = readOptions<ClipOptions>('clipped', given, OPTIONS);
  const { norm, value } = options;
  if (optimiser.theorem3) {
    throw new RangeError(
      `clipped: ${optimiser.name} has theorem3: true, and the theorem does not cover clipped gradients; leave one of them out`,
    );
  }
  const limit = norm ?? value;
  if (limit === undefined || (norm !== undefined && value !== undefined)) {
    throw new RangeError(
      `clipped: norm is ${describeValue(norm)} and value is ${describeValue(value)}; give exactly one of them`,
    );
  }
  const kind = norm === undefined ? 'value' : 'norm';
  POSITIVE(`clipped: ${kind}`, limit);
  const cut = kind === 'norm' ? cutNorm : cutValue;
  return {
    ...optimiser,
    settings: { ...optimiser.settings, clipped: options },
    start(engine, parameters, memory) {
      const state = optimiser.start(engine, parameters, memory);
      return {
        memory: state.memory,
        update(values, gradients, epoch, step) {
          const smaller = clip(engine, `clip ${kind} ${limit}`, gradients, limit, cut);
          try {
            return state.update(values, smaller, epoch, step);
          } finally {
            for (const gradient of smaller) gradient.dispose();
          }
        },
        dispose: () => state.dispose(),
      };
    },
  };
}

type Cut = (gradients: readonly Tensor[], limit: Tensor, tracing: Tracing) => Tensor[];

function clip(engine: Engine, key: string, gradients: readonly Tensor[], limit: number, cut: Cut): Tensor[] {
  return engine.run(key, gradients, (traced, tracing) =>
    cut(traced, tracing.constant({ kind: 'fill', value: limit }, [1]), tracing),
  );
}

function cutNorm(gradients: readonly Tensor[], limit: Tensor, tracing: Tracing): Tensor[] {
  // Taking the norm of the norms avoids squares that may overflow.
  const norm = reduceAll('norm', gradients.map((gradient) => reduceAll('norm', gradient)).reduce(joinEndToEnd));
  const share = divideOrZero(limit, elementwise('scale', [norm], [1, OFFSET]));
  const factor = elementwise('minimum', [share, tracing.constant({ kind: 'fill', value: 1 }, [1])]);
  return gradients.map((gradient) => elementwise('multiply', [gradient, factor]));
}

function cutValue(gradients: readonly Tensor[], limit: Tensor): Tensor[] {
  const least = elementwise('negate', [limit]);
  return gradients.map((gradient) => elementwise('minimum', [elementwise('maximum', [gradient, least]), limit]));
}
