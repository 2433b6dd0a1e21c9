/**
 * A pad to draw on, by pointer or by keys. It shows the small, centred image that the model receives under the strokes.
 */
import { findButton, findElement, setText } from '../page/elements.ts';
import { drawGrey } from '../page/images.ts';
import { onColourChange, resolveColour } from '../page/theme.ts';
import { chooseFraming, type Place, rasterise, type Stroke } from './raster.ts';

interface Pad {
  /** @param shape the shape of the images; undefined where the data are no images, which hides the pad */
  expect(shape: readonly number[] | undefined): void;
  /** Shows an image in place of a drawing. */
  show(image: Float32Array): void;
}

/** The model is asked at most once in this time while the user draws. */
const MILLISECONDS_BETWEEN_ANSWERS = 200;

/** A key moves the pen by this share of the pad. */
const KEY_STEP = 1 / 16;
const DIRECTIONS: Readonly<Record<string, Place>> = {
  ArrowLeft: [-1, 0],
  ArrowRight: [1, 0],
  ArrowUp: [0, -1],
  ArrowDown: [0, 1],
};
const HINTS = {
  idle: 'Draw a digit; by keys: arrows move, space draws.',
  down: 'The pen is down: arrows draw, space lifts it.',
  lifted: 'The pen is lifted: arrows move it, space puts it down.',
} as const;

/** @param onImage called with the image during drawing, and with undefined when it is cleared */
export function createPad(onImage: (image: Float32Array | undefined) => void): Pad {
  const canvas = findElement('pad', HTMLCanvasElement);
  let shape: readonly number[] | undefined;
  let strokes: Place[][] = [];
  let image: Float32Array | undefined;
  let isDown = false;
  let timer: ReturnType<typeof setTimeout> | undefined;
  /** The position of the pen that keys move. It is shown while keys are used. */
  let pen: Place = [0.5, 0.5];
  let isKeyed = false;

  const draw = (): void => {
    paint(canvas, strokes, image, shape);
    if (isKeyed) paintPen(canvas, pen, isDown);
  };
  const tell = (): void => {
    clearTimeout(timer);
    timer = undefined;
    if (!shape || strokes.length === 0) return;
    image = rasterise(strokes, chooseFraming(shape));
    onImage(image);
  };
  const placeOf = ({ clientX, clientY }: PointerEvent): Place => {
    const { left, top, width, height } = canvas.getBoundingClientRect();
    return [(clientX - left) / width, (clientY - top) / height];
  };
  const putDown = (place: Place): void => {
    if (strokes.length === 0) image = undefined; // the drawing replaces a sample that is shown
    isDown = true;
    strokes.push([place]);
  };
  canvas.addEventListener('pointerdown', (event) => {
    if (!shape) return;
    canvas.setPointerCapture(event.pointerId);
    isKeyed = false;
    putDown(placeOf(event));
    draw();
  });
  canvas.addEventListener('pointermove', (event) => {
    if (!isDown || isKeyed) return;
    for (const each of event.getCoalescedEvents?.() ?? [event]) strokes[strokes.length - 1].push(placeOf(each));
    draw();
    timer ??= setTimeout(tell, MILLISECONDS_BETWEEN_ANSWERS);
  });
  const keys = findElement('pen', HTMLElement);
  keys.tabIndex = 0;
  keys.addEventListener('keydown', (event) => {
    const direction = DIRECTIONS[event.key];
    if (!shape || (!direction && event.key !== ' ')) return;
    event.preventDefault(); // so that the page does not scroll
    isKeyed = true;
    if (direction) {
      pen = movePen(pen, direction);
      if (isDown) {
        strokes[strokes.length - 1].push(pen);
        timer ??= setTimeout(tell, MILLISECONDS_BETWEEN_ANSWERS);
      }
    } else if (isDown) lift();
    else putDown(pen);
    setText('pad-hint', isDown ? HINTS.down : HINTS.lifted);
    draw();
  });
  keys.addEventListener('blur', () => {
    lift();
    isKeyed = false;
    setText('pad-hint', HINTS.idle);
    draw();
  });
  const lift = (): void => {
    if (!isDown) return;
    isDown = false;
    tell();
    draw();
  };
  canvas.addEventListener('pointerup', lift);
  canvas.addEventListener('pointercancel', lift);
  const showOnly = (given: Float32Array | undefined): void => {
    isDown = false; // an unfinished stroke is discarded
    strokes = [];
    image = given;
    draw();
  };
  findButton('clear').addEventListener('click', () => {
    showOnly(undefined);
    onImage(undefined);
  });
  onColourChange(draw);
  setText('pad-hint', HINTS.idle);
  return {
    expect(wanted) {
      shape = wanted?.length === 2 ? wanted : undefined;
      findElement('pad-area', HTMLElement).hidden = !shape;
      showOnly(undefined);
    },
    show: showOnly,
  };
}

function movePen([x, y]: Place, [across, down]: Place): Place {
  const inside = (value: number): number => Math.min(1, Math.max(0, value));
  return [inside(x + KEY_STEP * across), inside(y + KEY_STEP * down)];
}

/** Paints the pen as a ring, which is filled while the pen is down. */
function paintPen(canvas: HTMLCanvasElement, [x, y]: Place, isDown: boolean): void {
  const context = canvas.getContext('2d');
  if (!context) return;
  const { width, height } = canvas;
  context.beginPath();
  context.arc(x * width, y * height, width / 28, 0, 2 * Math.PI);
  context.fillStyle = context.strokeStyle = resolveColour('second');
  context.lineWidth = 2;
  context.stroke();
  if (isDown) context.fill();
}

/** Paints a sample, or the strokes of a drawing over the image that the model receives. */
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
  context.strokeStyle = resolveColour('first');
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
