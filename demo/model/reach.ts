/** Follows a solver to its fixed point: repeats one solve with a limit of one iteration, of two, and so on. */
import type { Layer, LayerMaker, Model, SolveOptions, SolveStatus, TaskName, Tensor } from '../../src/index.ts';
import { yieldToMessages } from '../workers/calls.ts';
import type { ReachedPoint, ReachInput } from './protocol.ts';

/** Makers of layers by their kind. */
export type Makers = Readonly<Record<string, LayerMaker>>;

/** The tolerance of a layer that states none. */
const DEFAULT_TOLERANCE = 1e-4;

/**
 * @param model a model whose first layer solves an equation, and is of a kind in `makers`
 * @param task what its outputs are
 * @returns the status of the last solve, which is `limit` where the residual is still above the tolerance
 */
export async function followSolver(
  model: Model,
  makers: Makers,
  task: TaskName,
  input: ReachInput,
  tell: (point: ReachedPoint) => void,
  signal: AbortSignal,
): Promise<SolveStatus> {
  const [{ kind }] = model.layers;
  if (!kind.startsWith('monotone') || !Object.hasOwn(makers, kind)) {
    throw new Error(`the first layer is ${kind}, which has no fixed point to show`);
  }
  let status: SolveStatus = 'limit';
  for (let limit = 1; limit <= input.limit && status === 'limit'; limit++) {
    await yieldToMessages();
    signal.throwIfAborted();
    const point = await solveWithLimit(model, makers[kind], task, input, limit);
    ({ status } = point);
    tell(point);
  }
  return status;
}

async function solveWithLimit(
  model: Model,
  maker: LayerMaker,
  task: TaskName,
  { inputs, solver }: ReachInput,
  limit: number,
): Promise<ReachedPoint> {
  const [layer, ...others] = model.layers;
  const options = layer.options as SolveOptions;
  const refuse = (): never => {
    throw new Error(`${layer.kind} holds other layers`);
  };
  const limited = maker({ ...options, solver, limit, step: undefined, onFailure: 'report' } as never, refuse);
  return model.engine.tidy(async (scope) => {
    const parameters = model.parameters.map(({ value }) => scope.use(value));
    const solves: Parameters<Layer['forward']>[2]['solves'] = [];
    const count = layer.parameters.length;
    const z = limited.forward(scope.tensor(inputs, [1, layer.inputs]), parameters.slice(0, count), {
      solves,
      memory: { numbers: new Map(), tensors: new Map() },
    });
    const scores = applyLayers(others, z, parameters.slice(count));
    const outputs = task === 'regression' ? scores : scores.softmax();
    const [{ samples }, state, numbers] = await Promise.all([solves[0].report, z.data(), outputs.data()]);
    const [{ iterations, residual, status }] = samples;
    return {
      iterations,
      residual,
      tolerance: options.tolerance ?? DEFAULT_TOLERANCE,
      status,
      z: Float32Array.from(state),
      shape: layer.outputShape ?? [layer.outputs],
      outputs: task === 'regression' ? inOwnUnits(numbers, model) : Float32Array.from(numbers),
    };
  });
}

function inOwnUnits(numbers: ArrayLike<number>, { targetScale }: Model): Float64Array {
  const { mean, deviation } = targetScale ?? { mean: [], deviation: [] };
  return Float64Array.from(numbers, (number, at) => (mean[at] ?? 0) + (deviation[at] ?? 1) * number);
}

/** Applies the layers after the first one to z. */
function applyLayers(layers: readonly Layer[], z: Tensor, parameters: readonly Tensor[]): Tensor {
  let first = 0;
  return layers.reduce((output, layer) => {
    const own = parameters.slice(first, first + layer.parameters.length);
    first += own.length;
    return layer.forward(output, own, { solves: [], memory: { numbers: new Map(), tensors: new Map() } });
  }, z);
}
