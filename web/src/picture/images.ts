/** What the map draws besides lines and fills: hatches, symbols, marks and words, as images made here, since there is no server of glyphs. */

import milsymbol from "milsymbol";

import type { Palette } from "./palette.js";
import type { Answer, Shown } from "./types.js";

const RATIO = 2;
const SYMBOL_PX = 17;
const FONT = "system-ui, 'Segoe UI', Roboto, 'Noto Sans', 'Noto Sans Hebrew', 'Noto Sans Arabic', sans-serif";

export const PIXEL_RATIO = RATIO;

/**
 * Symbols by activity, of MIL-STD-2525D / APP-6D, with the frame of a neutral: who gives notice is not an enemy.
 * Version 10, reality, standard identity 4, symbol set, present, no headquarters, no echelon, then entity.
 */
const SYMBOLS: Readonly<Record<string, readonly [set: string, entity: string]>> = {
  air_operation: ["01", "000000"],
  unmanned_flight: ["01", "110300"],
  surface_operation: ["10", "000000"],
  subsurface_operation: ["35", "110100"],
  maritime_operation: ["30", "120000"],
  live_fire: ["10", "130300"],
  exercise: ["10", "121000"],
  search_and_rescue: ["10", "141800"],
  humanitarian_movement: ["40", "131200"],
  humanitarian_site: ["40", "131200"],
  hazard_area: ["40", "130000"],
};

const UNKNOWN = "10010000000000000000";

export function symbolCode(activity: string): string {
  const known = SYMBOLS[activity];
  return known ? `1004${known[0]}0000${known[1]}0000` : UNKNOWN;
}

function canvas(width: number, height: number): CanvasRenderingContext2D {
  const element = document.createElement("canvas");
  element.width = Math.ceil(width * RATIO);
  element.height = Math.ceil(height * RATIO);
  const context = element.getContext("2d", { willReadFrequently: true });
  if (!context) throw new Error("picture: this browser draws no canvas");
  context.scale(RATIO, RATIO);
  return context;
}

function pixels(context: CanvasRenderingContext2D): ImageData {
  return context.getImageData(0, 0, context.canvas.width, context.canvas.height);
}

/** Slanted lines: an area that is known only roughly. */
export function hatch(colour: string): ImageData {
  const side = 8;
  const context = canvas(side, side);
  context.strokeStyle = colour;
  context.lineWidth = 1.1;
  context.beginPath();
  for (const shift of [-side, 0, side]) {
    context.moveTo(shift - 1, side + 1);
    context.lineTo(shift + side + 1, -1);
  }
  context.stroke();
  return pixels(context);
}

/** Dots: an area of which it is known only that something is there. */
export function dots(colour: string): ImageData {
  const context = canvas(9, 9);
  context.fillStyle = colour;
  for (const [x, y] of [
    [2.25, 2.25],
    [6.75, 6.75],
  ] as const) {
    context.beginPath();
    context.arc(x, y, 1, 0, 2 * Math.PI);
    context.fill();
  }
  return pixels(context);
}

/** Words alone, with the ground around them: places, countries, degrees. */
export function words(
  text: string,
  colour: string,
  palette: Palette,
  { size = 11, weight = 400, spacing = 0 } = {},
): ImageData {
  const font = `${weight} ${size}px ${FONT}`;
  const width = measured(text, font, spacing);
  const context = canvas(width + 6, size + 8);
  context.letterSpacing = `${spacing}px`;
  written(context, text, 3, size / 2 + 4, font, colour, palette.land);
  return pixels(context);
}

/** A volume's label, and its heights below, to stand beside its symbol. */
export function volumeLabel({ label, altitudeText }: Shown, colour: string, palette: Palette): ImageData {
  const [bold, light] = [`600 12px ${FONT}`, `400 11px ${FONT}`];
  const context = canvas(Math.max(measured(label, bold), measured(altitudeText, light)) + 6, 32);
  written(context, label, 3, 9, bold, colour, palette.land);
  written(context, altitudeText, 3, 24, light, palette.text, palette.land);
  return pixels(context);
}

const BOX = 30;

/** A symbol by activity, in a square of its own; a mark at its corner where the answer is not CLEAR. */
export function symbol(activity: string, answer: Answer | "", palette: Palette): ImageData {
  const colours = {
    Civilian: palette.symbol,
    Friend: palette.symbol,
    Hostile: palette.symbol,
    Neutral: palette.symbol,
    Unknown: palette.unknown,
    Suspect: palette.symbol,
  };
  const drawn = new milsymbol.Symbol(symbolCode(activity), {
    size: SYMBOL_PX,
    outlineColor: palette.land,
    outlineWidth: 3,
    colorMode: colours,
  });
  const { width, height } = drawn.getSize();
  const context = canvas(BOX, BOX);
  const scale = Math.min(1, (BOX - 4) / Math.max(width, height));
  context.drawImage(
    drawn.asCanvas(RATIO),
    (BOX - width * scale) / 2,
    (BOX - height * scale) / 2,
    width * scale,
    height * scale,
  );
  if (answer === "CONFLICT" || answer === "POSSIBLE") drawMark(context, answer, BOX - 8, 8, palette);
  return pixels(context);
}

/** Colour, and shape beside it: a diamond with an exclamation mark for CONFLICT, a disc with a question mark for POSSIBLE. */
function drawMark(context: CanvasRenderingContext2D, answer: Answer, x: number, y: number, palette: Palette): void {
  const conflict = answer === "CONFLICT";
  context.fillStyle = conflict ? palette.conflict : palette.possible;
  context.strokeStyle = palette.land;
  context.lineWidth = 2;
  context.beginPath();
  if (conflict) {
    context.moveTo(x, y - 7);
    context.lineTo(x + 7, y);
    context.lineTo(x, y + 7);
    context.lineTo(x - 7, y);
    context.closePath();
  } else {
    context.arc(x, y, 6.5, 0, 2 * Math.PI);
  }
  context.stroke();
  context.fill();
  context.fillStyle = palette.surface;
  context.font = `800 10px ${FONT}`;
  context.textAlign = "center";
  context.textBaseline = "middle";
  context.fillText(conflict ? "!" : "?", x, y + 0.5);
  context.textAlign = "start";
}

function written(
  context: CanvasRenderingContext2D,
  text: string,
  x: number,
  y: number,
  font: string,
  colour: string,
  ground: string,
): void {
  context.font = font;
  context.textAlign = "left";
  context.textBaseline = "middle";
  context.lineJoin = "round";
  context.lineWidth = 3;
  context.strokeStyle = ground;
  context.strokeText(text, x, y);
  context.fillStyle = colour;
  context.fillText(text, x, y);
}

let ruler: CanvasRenderingContext2D | undefined;

function measured(text: string, font: string, spacing = 0): number {
  ruler ??= canvas(1, 1);
  ruler.font = font;
  ruler.letterSpacing = `${spacing}px`;
  return ruler.measureText(text).width;
}
