/** Backends that run every loop kernel by kernel. */
import type { Backend } from '../../src/backends/backend.ts';

/** The same backend, without the kernels that carry out a whole loop in one call. */
export const withoutWholeLoops = (backend: Backend): Backend =>
  new Proxy(backend, {
    get(target, name) {
      if (name === 'widestIteration') return 0;
      const value = Reflect.get(target, name);
      return typeof value === 'function' ? value.bind(target) : value;
    },
  });
