import { random } from '../../src/data/random.ts';

/**
 * A table of flowers in three well separated classes. The column `garden` is independent of the class, and `planet` is
 * constant.
 */
export function flowers(count = 90): string[][] {
  const generator = random(7);
  const rows = Array.from({ length: count }, (_, row) => {
    const species = row % 3;
    const sizes = [5, 3, 1].map((size, at) => size + (at + 1) * species + 0.2 * generator.normal());
    return [
      ...sizes.map((size) => size.toFixed(2)),
      generator.integer(2) ? 'north, "upper"' : 'south',
      'earth',
      `iris ${species}`,
    ];
  });
  return [['sepal', 'petal', 'stem', '<script>garden</script>', 'planet', 'species'], ...rows];
}
