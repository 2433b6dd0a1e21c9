import { random } from '../../src/data/random.ts';

/**
 * A table of houses whose prices and rents are nearly linear in their features. `grade` holds integers from 1 to 3, and
 * `sampled` is how many houses a row stands for.
 */
export function houses(count = 120): string[][] {
  const generator = random(11);
  const rows = Array.from({ length: count }, () => {
    const area = 40 + 160 * generator.uniform();
    const age = 80 * generator.uniform();
    const town = generator.integer(2);
    const price = 1000 * (2.2 * area - 0.8 * age + 40 * town) + 10_000 * generator.normal();
    const rent = price / 250 + 30 * generator.normal();
    return [
      area.toFixed(1),
      age.toFixed(1),
      town ? 'north' : 'south, "old"',
      price.toFixed(0),
      rent.toFixed(2),
      String(1 + generator.integer(3)),
      String(1 + generator.integer(4)),
    ];
  });
  return [['area', 'age', 'town', 'price', 'rent', 'grade', 'sampled'], ...rows];
}
