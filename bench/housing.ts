import { random } from '../src/data/random.ts';

/**
 * A table like those of house prices, as CSV: size, age and place have bends and steps, incomes are skewed, one column is
 * a category, and the noise is a tenth of the price.
 */
export function housingTable(count = 1000, seed = 1): string {
  const generator = random(seed).fork('housing');
  const towns = ['harbour', 'centre', 'hills', 'fields'];
  const lines = Array.from({ length: count }, () => {
    const area = 40 + 160 * generator.uniform();
    const rooms = Math.max(1, Math.round(area / 30 + generator.normal()));
    const age = 90 * generator.uniform();
    const distance = 30 * generator.uniform();
    const income = Math.exp(0.4 * generator.normal());
    const [latitude, longitude] = [generator.normal(), generator.normal()];
    const town = generator.integer(towns.length);
    const value =
      2.2 * area +
      6 * rooms -
      0.8 * age +
      0.01 * Math.max(0, age - 50) ** 2 -
      2 * distance +
      25 * income +
      30 * Math.max(0, latitude - longitude) +
      [40, 25, 10, 0][town];
    const price = 1000 * (value + 0.1 * 300 * generator.normal());
    const numbers = [area, rooms, age, distance, income, latitude, longitude].map((number) => number.toFixed(3));
    return [...numbers, towns[town], price.toFixed(0)].join(',');
  });
  return `${['area,rooms,age,distance,income,latitude,longitude,town,price', ...lines].join('\n')}\n`;
}
