import { test } from 'vitest';
import { monotoneFixedPoint, open, root, fixedPoint, valueAndGrad, type Tensor } from '../../src/index.ts';
test.each(['cpu', 'wasm', 'webgpu', 'gpujs'] as const)('%s', async (backend) => {
  const engine = await open({ backend });
  for (const activation of ['relu', 'leakyRelu', 'tanh', 'softplus', 'softmax'] as const) {
    const W = engine.tensor([0, -3, 3, 0], [2, 2]);
    const b = engine.tensor([-1, -2, 1, 2], [2, 2]);
    const [, [dW, db]] = await valueAndGrad((V: Tensor, c: Tensor) => {
      const { z } = monotoneFixedPoint(V, c, { activation, margin: 1, solver: 'picard', onFailure: 'report', limit: 400 });
      return z.slice([0, 0], [1, 2]).square().sum();
    }, [W, b]);
    console.log('R', backend, activation, [...await dW.data()].join(), '|', [...await db.data()].join());
  }
  for (const [name, F, start] of [['log', (z: Tensor, a: Tensor) => z.log().mul(a).sub(0.1), [2, -1]], ['sqrt', (z: Tensor, a: Tensor) => z.sqrt().sub(a), [2, -1]], ['sq', (z: Tensor, a: Tensor) => z.square().mul(a).add(z.exp()).sub(3), [1, 200]]] as const) {
    const a = engine.tensor([0.7]);
    const [, [da]] = await valueAndGrad((A: Tensor) => {
      const z = root(F as never, { unknown: engine.tensor(start as never, [2, 1]), inputs: [A], onFailure: 'report', limit: 30 });
      return z.slice([0, 0], [1, 1]).square().sum();
    }, [a]);
    console.log('R', backend, name, [...await da.data()].join());
  }
  engine.close();
}, 60000);
