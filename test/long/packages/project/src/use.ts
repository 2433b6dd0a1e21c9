import { type BackendName, open, type Tensor } from 'equilibra';
import { digits } from 'equilibra/data';

export async function firstInputs(backend: BackendName): Promise<Tensor> {
  using engine = await open({ backend });
  const { train } = await digits();
  return engine.tensor(train.inputs, [train.count, train.features]);
}

// @ts-expect-error: the types are known, so that a wrong argument is an error.
export const engine = open({ backend: 'abacus' });
