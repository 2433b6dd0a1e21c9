/** The view of the Lasso path. */
export function startLasso(): void {}
