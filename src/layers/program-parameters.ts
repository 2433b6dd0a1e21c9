/** The learnt objective of layers that solve programs, ½xᵀ(LLᵀ + εI)x + qᵀx with q = Bv + c for an input v. */
import { createArgumentError } from '../arguments/check.ts';
import type { Tensor } from '../tensor/tensor.ts';
import { type ParameterSpecification, uniformParameter } from './layer.ts';
import { constant } from './output-bounds.ts';

/** affine: the linear part of the objective is a learnt affine map of the input. identity: it is the input itself. */
export type ProgramMap = 'affine' | 'identity';

interface Objective {
  readonly inputs: number;
  readonly outputs: number;
  readonly map: ProgramMap;
}

/** @throws RangeError that names the option, its value and what is allowed */
export function checkMap(what: string, { inputs, outputs, map, ridge }: Objective & { readonly ridge: number }): void {
  if (map !== 'affine' && map !== 'identity') {
    throw createArgumentError(`${what}: map`, map, "'affine' or 'identity'");
  }
  if (map === 'identity' && inputs !== outputs) {
    throw new RangeError(
      `${what}: inputs is ${inputs} and outputs is ${outputs}; with map 'identity' they must be equal`,
    );
  }
  if (!(Number.isFinite(ridge) && ridge > 0)) {
    throw createArgumentError(`${what}: ridge`, ridge, 'a finite number > 0');
  }
}

/** L, which starts as the identity, and B and c where the map is affine. */
export function quadraticParameters({ inputs, outputs, map }: Objective): ParameterSpecification[] {
  const L = { name: 'L', shape: [outputs, outputs], initial: () => Float32Array.from(identityEntries(outputs, 1)) };
  if (map === 'identity') return [L];
  return [L, uniformParameter('B', [outputs, inputs], inputs), uniformParameter('c', [outputs], inputs)];
}

/** LLᵀ + εI */
export function ridgedSquare(L: Tensor, ridge: number): Tensor {
  const [n] = L.shape;
  return L.matmul(L.transpose()).add(constant(L, [n, n], identityEntries(n, ridge)));
}

/** factor·I, row by row. */
export function identityEntries(n: number, factor: number): Float64Array {
  return Float64Array.from({ length: n * n }, (_, at) => (at % (n + 1) === 0 ? factor : 0));
}
