/** The term Ux + c of a convolutional layer: a periodic correlation by discrete Fourier transforms, and a bias. */
import { fourierOn } from '../solvers/maps/convolution/fourier.ts';
import type { Torus } from '../solvers/maps/convolution/torus.ts';
import type { Engine } from '../tensor/engine.ts';
import { elementwise, reduceAxes } from '../tensor/kernels.ts';
import { recordOperation } from '../tensor/operations.ts';
import type { LoopContext, Tensor } from '../tensor/tensor.ts';
import { type Border, inside, padded } from './image-border.ts';

/**
 * Ux + c on the torus, [batch, outputs·rows·columns], for images x inside of a border of zeros.
 * @param x [batch, inputs·pixels of the interior]
 * @param U [outputs, inputs, k, k]
 * @param c [outputs]
 */
export function inputConvolution(engine: Engine, [x, U, c]: readonly [Tensor, Tensor, Tensor], border: Border): Tensor {
  const [rows, columns] = border.outer;
  const torus = { rows, columns };
  const [outputs, inputs, size] = U.shape;
  const name = ['input convolution', inputs, outputs, size, rows, columns, ...border.inner].join(' ');
  const apply = (image: Tensor, kernel: Tensor, bias: Tensor | undefined): Tensor => {
    const given = bias ? [image, kernel, bias] : [image, kernel];
    const [output] = engine.run(`${name} ${given.length}`, given, ([image, kernel, bias], tracing) => [
      correlate(tracing, torus, padded(image, border), kernel, bias),
    ]);
    return output;
  };
  return recordOperation('custom', [x, U, c], apply(x, U, c), {
    name: 'inputConvolution',
    isSmooth: true,
    isRowwise: [true, false, false],
    pullback(v: Tensor, [needsImage]: readonly boolean[]) {
      const [ofKernel, ofBias, ofImage] = engine.run(
        `${name} backward ${needsImage}`,
        [x, U, v],
        ([x, U, v], tracing) => {
          const fourier = fourierOn(tracing, torus);
          const cotangent = fourier.forward(v, outputs);
          const G = fourier.outerProducts(cotangent, fourier.forward(padded(x, border), inputs));
          const { context } = v;
          const bySample = context.alias(v, [v.shape[0], outputs, rows * columns]);
          const gradients = [fourier.toKernel(G, size), reduceAxes('sum', [reduceAxes('sum', [bySample], 2, 3)], 0, 1)];
          if (!needsImage) return gradients;
          const back = fourier.inverse(fourier.multiply(cotangent, fourier.ofKernel(U), true));
          return [...gradients, inside(back, border)];
        },
      );
      return [ofImage, ofKernel, ofBias];
    },
    pushforward([dx, dU, dc]: readonly (Tensor | undefined)[]) {
      // The bias takes part in one of the terms; without another one it is added to U·0.
      const terms = [
        ...(dU ? [apply(x, dU, undefined)] : []),
        ...(dx || dc ? [apply(dx ?? elementwise('scale', [x], [0, 0]), U, dc)] : []),
      ];
      return terms.reduce((a, b) => elementwise('add', [a, b]));
    },
  });
}

function correlate(tracing: LoopContext, torus: Torus, images: Tensor, kernel: Tensor, bias?: Tensor): Tensor {
  const [outputs, inputs] = kernel.shape;
  const fourier = fourierOn(tracing, torus);
  const result = fourier.inverse(fourier.multiply(fourier.forward(images, inputs), fourier.ofKernel(kernel)));
  if (!bias) return result;
  const { context, shape } = result;
  const byChannel = context.alias(result, [shape[0], outputs, torus.rows * torus.columns]);
  return context.alias(elementwise('add', [byChannel, context.alias(bias, [outputs, 1])]), shape);
}
