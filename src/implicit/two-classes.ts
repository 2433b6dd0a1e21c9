/** Labels of two classes. */

/**
 * Each as −1 or 1.
 * @param what what asks for them, in words that follow "with"
 * @throws RangeError that names the first that is neither −1 nor 1, or where these are mixed with 0
 */
export function readTwoClasses(y: ArrayLike<number>, what: string): Float64Array {
  const numbers = Float64Array.from(y);
  const wrong = numbers.findIndex((value) => !(Math.abs(value) === 1 || value === 0));
  const isMixed = numbers.includes(0) && numbers.includes(-1);
  if (wrong >= 0 || isMixed) {
    const at = wrong >= 0 ? wrong : numbers.indexOf(0);
    throw new RangeError(`y[${at}]: it is ${numbers[at]}; with ${what} each must be −1 or 1, or each 0 or 1`);
  }
  return numbers.map((value) => (value > 0 ? 1 : -1));
}
