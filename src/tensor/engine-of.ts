/** Finds the engine that a tensor belongs to. */
import { Engine } from './engine.ts';
import { TENSOR, type Tensor } from './tensor.ts';

/** Thrown when a function that needs an engine, such as a solve, is called while a Program is traced. */
export class NotTraceableError extends Error {
  override readonly name = 'NotTraceableError';
}

/** The engine that a tensor belongs to. @throws NotTraceableError if the tensor belongs to a Program */
export function engineOf(name: string, tensor: Tensor): Engine {
  TENSOR(name, tensor);
  const { context } = tensor;
  if (context instanceof Engine) return context;
  throw new NotTraceableError(`${name}: it must be a tensor of an engine; a solve cannot be traced into a Program`);
}
