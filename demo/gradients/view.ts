export function startGradients(): void {}
