/** Follows a solver to its fixed point: repeats one solve with a limit of one iteration, of two, and so on. */
import {
  type Layer,
  type Model,
  type MonotoneLayerOptions,
  monotoneFixedPoint,
  monotoneMatrix,
  type SolveStatus,
  type TaskName,
  type Tensor,
} from '../../src/index.ts';
import { yieldToMessages } from '../workers/calls.ts';
import type { ReachedPoint, ReachInput } from './protocol.ts';

/**
 * @param model a model that begins with a monotone layer
 * @param task what its outputs are
 * @returns the status of the last solve, which is `limit` where the residual is still above the tolerance
 */
export async function followSolver(
  model: Model,
  task: TaskName,
  input: ReachInput,
  tell: (point: ReachedPoint) => void,
  signal: AbortSignal,
): Promise<SolveStatus> {
  const [layer] = model.layers;
  if (layer.kind !== 'monotone')
    throw new Error(`the first layer is ${layer.kind}; it must be monotone for its fixed point to be shown`);
  let status: SolveStatus = 'limit';
  for (let limit = 1; limit <= input.limit && status === 'limit'; limit++) {
    await yieldToMessages();
    signal.throwIfAborted();
    const point = await solveWithLimit(model, task, layer, input, limit);
    ({ status } = point);
    tell(point);
  }
  return status;
}

async function solveWithLimit(
  model: Model,
  task: TaskName,
  layer: Layer,
  { inputs, solver }: ReachInput,
  limit: number,
): Promise<ReachedPoint> {
  const { engine } = model;
  const { activation = 'relu', margin = 1, tolerance = 1e-4 } = layer.options as MonotoneLayerOptions;
  return engine.tidy(async (scope) => {
    const [A, B, U, c, ...others] = model.parameters.map(({ value }) => scope.use(value));
    const x = scope.tensor(inputs, [1, layer.inputs]);
    const b = x.matmul(U.transpose()).add(c);
    const W = monotoneMatrix(A, B, scope.tensor([margin]));
    const options = { activation, margin, tolerance, solver, limit, onFailure: 'report' } as const;
    const { z, report } = monotoneFixedPoint(W, b, options);
    const scores = applyLayers(model.layers.slice(1), z, others);
    const outputs = task === 'regression' ? scores : scores.softmax();
    const [{ samples }, state, numbers] = await Promise.all([report, z.data(), outputs.data()]);
    const [{ iterations, residual, status }] = samples;
    return {
      iterations,
      residual,
      tolerance,
      status,
      z: Float32Array.from(state),
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
