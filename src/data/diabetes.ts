import { type RegressionData, tableRegression } from './regression.ts';
import { parseTable } from './table.ts';

/**
 * The diabetes data: 442 patients, 10 measurements as they were taken (age, sex, body mass index, mean blood pressure and
 * six blood serum measurements), and how far the disease had progressed a year later. The data come as a file of their own,
 * fetched on the first call; `standardisedRegression` takes them to the scale on which the Lasso is meant. Source: B. Efron,
 * T. Hastie, I. Johnstone, R. Tibshirani, "Least Angle Regression", Annals of Statistics 32, 2004.
 */
export async function diabetes(): Promise<RegressionData> {
  const { default: text } = await import('./diabetes/diabetes.csv');
  return tableRegression(parseTable(text), { target: 'target', name: 'diabetes' });
}
