/** A pad to draw on. What the model gets is shown under the pen: few pixels, centred as its data are. */
import { button, part } from '../page/elements.ts';
import { drawGrey } from '../page/images.ts';
import { colour, onColours } from '../page/theme.ts';
import { framingFor, type Place, rasterised, type Stroke } from './raster.ts';

export interface Pad {
  /** @param shape of the images; undefined where the data are no images, and nothing can be drawn */
  expect(shape: readonly number[] | undefined): void;
  /** Shows an image in place of a drawing. */
  show(image: Float32Array): void;
}

/** While one draws, the model is asked this often at most, in milliseconds. */
const BETWEEN = 200;

/** @param onImage called with the image while it is drawn, and with undefined once it is cleared */
export function drawingPad(onImage: (image: Float32Array | undefined) => void): Pad {
  const canvas = part('pad', HTMLCanvasElement);
  let shape: readonly number[] | undefined;
  let strokes: Place[][] = [];
  let image: Float32Array | undefined;
  let isDown = false;
  let timer: ReturnType<typeof setTimeout> | undefined;

  const draw = (): void => paint(canvas, strokes, image, shape);
  const tell = (): void => {
    clearTimeout(timer);
    timer = undefined;
    if (!shape || strokes.length === 0) return;
    image = rasterised(strokes, framingFor(shape));
    onImage(image);
  };
  const placeOf = ({ clientX, clientY }: PointerEvent): Place => {
    const { left, top, width, height } = canvas.getBoundingClientRect();
    return [(clientX - left) / width, (clientY - top) / height];
  };
  canvas.addEventListener('pointerdown', (event) => {
    if (!shape) return;
    canvas.setPointerCapture(event.pointerId);
    if (strokes.length === 0) image = undefined; // a sample that was shown makes room
    isDown = true;
    strokes.push([placeOf(event)]);
    draw();
  });
  canvas.addEventListener('pointermove', (event) => {
    if (!isDown) return;
    for (const each of event.getCoalescedEvents?.() ?? [event]) strokes[strokes.length - 1].push(placeOf(each));
    draw();
    timer ??= setTimeout(tell, BETWEEN);
  });
  const lift = (): void => {
    if (!isDown) return;
    isDown = false;
    tell();
    draw();
  };
  canvas.addEventListener('pointerup', lift);
  canvas.addEventListener('pointercancel', lift);
  const clear = (): void => {
    strokes = [];
    image = undefined;
    draw();
  };
  button('clear').addEventListener('click', () => {
    clear();
    onImage(undefined);
  });
  onColours(draw);
  return {
    expect(wanted) {
      shape = wanted?.length === 2 ? wanted : undefined;
      part('pad-area', HTMLElement).hidden = !shape;
      clear();
    },
    show(given) {
      strokes = [];
      image = given;
      draw();
    },
  };
}

/** A sample as it is; a drawing as its strokes, over what the model sees of it. */
function paint(
  canvas: HTMLCanvasElement,
  strokes: readonly Stroke[],
  image: Float32Array | undefined,
  shape: readonly number[] | undefined,
): void {
  const context = canvas.getContext('2d');
  if (!context) return;
  const { width, height } = canvas;
  context.clearRect(0, 0, width, height);
  if (image && shape) {
    const small = document.createElement('canvas');
    drawGrey(small, image, shape);
    context.imageSmoothingEnabled = false;
    context.globalAlpha = strokes.length > 0 ? 0.35 : 1;
    context.drawImage(small, 0, 0, width, height);
    context.globalAlpha = 1;
  }
  context.strokeStyle = colour('first');
  context.lineWidth = width / 18;
  context.lineCap = context.lineJoin = 'round';
  for (const stroke of strokes) {
    context.beginPath();
    for (const [index, [x, y]] of stroke.entries()) {
      if (index === 0) context.moveTo(x * width, y * height);
      context.lineTo(x * width, y * height);
    }
    context.stroke();
  }
}
