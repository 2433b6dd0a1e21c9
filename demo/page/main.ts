/** The web app has four views. The library runs in workers, so that the page never freezes. */

import { createModelCaller } from '../model/caller.ts';
import { explainDevice, showDevice } from './device.ts';
import { readMessage, setText } from './elements.ts';
import { startRouter } from './router.ts';
import { startTheme } from './theme.ts';

const ask = createModelCaller();

startTheme();
foldSettings();
startRouter([
  {
    name: 'train',
    title: 'Train',
    start: () => import('../train/view.ts').then((view) => view.startTraining(ask)),
  },
  {
    name: 'lasso',
    title: 'Lasso path',
    start: () => import('../lasso/view.ts').then((view) => view.startLasso()),
  },
  {
    name: 'gradients',
    title: 'When gradients lie',
    start: () => import('../gradients/view.ts').then((view) => view.startGradients()),
  },
  {
    name: 'sudoku',
    title: 'Sudoku',
    start: () => import('../sudoku/view.ts').then((view) => view.startSudoku()),
  },
]);

ask('device', undefined).then(
  (device) => {
    showDevice(device);
    explainDevice(device);
  },
  (error: unknown) => setText('device-text', readMessage(error)),
);

/** Collapses the settings on narrow screens, where the defaults will do. */
function foldSettings(): void {
  const wide = matchMedia('(min-width: 48.01rem)');
  const fit = (): void => {
    for (const fold of document.querySelectorAll<HTMLDetailsElement>('details.fold')) fold.open = wide.matches;
  };
  wide.addEventListener('change', fit);
  fit();
}
