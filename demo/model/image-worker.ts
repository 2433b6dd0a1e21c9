/** The worker for models of images, and of rows of numbers as well. The page starts it when it meets such a model. */
import { imageLayers } from '../../src/index.ts';
import { serveModel } from './serve.ts';

serveModel(imageLayers);
