/** The layers of a model as text, and what their parameters are called. */
import { formatShape, sizeOf } from '../tensor/shape.ts';
import type { Layer } from './layer.ts';

/** The names of all parameters, in the order of the layers: number and kind of the layer, and name of the parameter. */
export function parameterNames(layers: readonly Layer[]): string[] {
  return layers.flatMap(({ kind, parameters }, index) => parameters.map(({ name }) => `${index}.${kind}.${name}`));
}

/** A table of the layers. @param where the parameters are, in words */
export function formatLayers(layers: readonly Layer[], where: string): string {
  const rows = layers.map(({ kind, inputs, outputs, inputShape, outputShape, parameters }, index) => {
    const taken = inputShape ? formatShape(inputShape) : inputs;
    const given = outputShape ? formatShape(outputShape) : outputs;
    const count = parameters.reduce((sum, { shape }) => sum + sizeOf(shape), 0);
    const shapes = parameters.map(({ name, shape }) => `${name} ${formatShape(shape)}`).join(', ');
    return { count, cells: [`${index}`, kind, `${taken} → ${given}`, `${count}`, shapes] };
  });
  const total = rows.reduce((sum, { count }) => sum + count, 0);
  const table = [['', 'layer', 'widths', 'parameters', 'shapes'], ...rows.map(({ cells }) => cells)];
  const width = (column: number): number => Math.max(...table.map((cells) => cells[column].length));
  const lines = table.map((cells) =>
    cells
      .map((cell, column) => cell.padEnd(width(column)))
      .join('  ')
      .trimEnd(),
  );
  return `${lines.join('\n')}\n${total} parameters, ${where}`;
}
