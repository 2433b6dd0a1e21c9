/** The names by which the page calls what the library names otherwise. */
const LABELS: Readonly<Record<string, string>> = {
  auto: 'automatic',
  'peaceman-rachford': 'Peaceman–Rachford',
  'anderson-peaceman-rachford': 'Peaceman–Rachford, Anderson',
  'anderson-picard+peaceman-rachford': 'Picard, Anderson; then P.–R.',
  'forward-backward': 'forward–backward',
  anderson: 'forward–backward, Anderson',
  leakyRelu: 'leaky relu',
  softplus: 'softplus',
  stochasticGradient: 'SGD, independent draws',
  sgd: 'SGD, shuffled',
  adam: 'Adam',
  adamW: 'AdamW',
  meanSquaredError: 'mean squared error',
  meanAbsoluteError: 'mean absolute error',
  huber: 'Huber, δ one deviation',
  monotone: 'rows of numbers: W is a matrix',
  convolution: 'images: W is a convolution',
};

export function findLabel(name: string): string {
  return LABELS[name] ?? name;
}
