import { type RegressionData, tableRegression } from './regression.ts';
import { parseTable } from './table.ts';

/**
 * The diabetes data: 10 measurements of each of 442 patients (age, sex, body mass index, mean blood pressure and six
 * blood serum measurements) in their original units, and the progression of the disease one year later. The data are a
 * separate file, which is loaded on the first call. Use `standardisedRegression` to scale them for the Lasso. Source:
 * B. Efron, T. Hastie, I. Johnstone, R. Tibshirani, "Least Angle Regression", Annals of Statistics 32, 2004.
 */
export async function diabetes(): Promise<RegressionData> {
  const { default: text } = await import('./diabetes/diabetes.csv');
  return tableRegression(parseTable(text), { target: 'target', name: 'diabetes' });
}
