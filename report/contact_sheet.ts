/** Attacked images for the eye: clean, adversarial and their difference side by side, with what the network said of each.
 *  One SVG text that needs nothing else; png.ts draws it as pixels. @module */

import { formatValue } from "./format.ts";
import { shortText } from "./plain_text.ts";

/** One attacked image; pixel values in 0..1, `[height, width, channels]`. */
export interface AttackedImage {
  readonly clean: Float32Array;
  readonly adversarial: Float32Array;
  readonly label: number;
  readonly predictedClean: number;
  readonly predictedAdversarial: number;
  /** Place in the split that was judged, from 0. */
  readonly position: number;
}

export interface ContactSheetOptions {
  /** Drawn from the first on, at most {@linkcode MOST_ROWS}. */
  readonly images: readonly AttackedImage[];
  /** `[height, width, channels]`, 1 channel (grey) or 3 (red, green, blue). */
  readonly shape: readonly [number, number, number];
  /** Names of the classes. @default their numbers alone */
  readonly names?: readonly string[];
  readonly title: string;
  /** ε in pixel values. */
  readonly epsilon: number;
  /** What ε bounds: each pixel value, whose difference is then shown on a scale from −ε to ε, or the norm of all, where the
   *  scale ends at the sheet's largest difference. @default {"linf"} */
  readonly norm?: "linf" | "l2";
}

export const MOST_ROWS = 12;

/** SVG units. */
const MARGIN = 16, GAP = 12, HEAD = 104, TEXT_WIDTH = 330, LINE = 20, SMALLEST_ROW = 72, IMAGE_SIZE = 112;

/** @throws {RangeError} where an image does not have the shape, or the shape is neither grey nor RGB */
export function contactSheet(options: ContactSheetOptions): string {
  const { shape: [height, width, channels], title } = options;
  const images = options.images.slice(0, MOST_ROWS);
  for (const image of images) check(image, options.shape);
  const zoom = Math.max(1, Math.floor(IMAGE_SIZE / Math.max(height, width)));
  const column = Math.max(width * zoom, 96) + GAP, row = Math.max(height * zoom, SMALLEST_ROW) + GAP;
  const range = rangeOf(images, options);
  const size = { width: 2 * MARGIN + 3 * column + TEXT_WIDTH, height: HEAD + images.length * row + MARGIN };
  const place = (index: number, at: number) =>
    `translate(${MARGIN + at * column} ${HEAD + index * row}) scale(${zoom})`;
  const picture = (values: ArrayLike<number>) => pixels(values, { width, height, channels });
  const body = images.flatMap((image, index) => [
    ...[image.clean, image.adversarial, shownDifference(image, range)].map((values, at) =>
      `<g transform="${place(index, at)}" shape-rendering="crispEdges">${picture(values)}</g>` +
      frame(place(index, at), { width, height, zoom })
    ),
    ...describe(image, options.names).map((line, at) =>
      text(line, { x: MARGIN + 3 * column, y: HEAD + index * row + 22 + at * LINE })
    ),
  ]);
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" width="${size.width}" height="${size.height}" ` +
    `viewBox="0 0 ${size.width} ${size.height}" font-family="DejaVu Sans, Verdana, Arial, sans-serif" font-size="13">`,
    `<rect width="100%" height="100%" fill="white"/>`,
    text(shortText(title, 70), { x: MARGIN, y: 26, size: 15 }),
    ...captions(range, options).map((line, at) => text(line, { x: MARGIN, y: 47 + 17 * at, size: 12 })),
    ...["Clean", "Adversarial", "Difference"].map((head, at) => text(head, { x: MARGIN + at * column, y: HEAD - 10 })),
    ...body,
    "</svg>",
  ].join("\n") + "\n";
}

function check({ clean, adversarial, position }: AttackedImage, shape: ContactSheetOptions["shape"]): void {
  const [height, width, channels] = shape;
  if (channels !== 1 && channels !== 3) {
    throw new RangeError(`Cannot draw images of ${channels} channels: expected 1 (grey) or 3 (red, green, blue)`);
  }
  for (const { length } of [clean, adversarial]) {
    if (length === height * width * channels) continue;
    throw new RangeError(
      `Cannot draw image ${position}: it has ${length} values where ${shape.join(" × ")} are needed`,
    );
  }
}

/** The difference that is shown as white. */
function rangeOf(images: readonly AttackedImage[], { epsilon, norm = "linf" }: ContactSheetOptions): number {
  if (norm === "linf") return epsilon;
  return images.reduce((most, { clean, adversarial }) => {
    return clean.reduce((largest, value, i) => Math.max(largest, Math.abs((adversarial[i] ?? value) - value)), most);
  }, 0);
}

function captions(range: number, { norm = "linf", epsilon, images, shape }: ContactSheetOptions): [string, string] {
  const parts = [
    norm === "linf"
      ? `The scale ends at ε`
      : `The scale ends at the largest difference here; L2 ε = ${formatPixels(epsilon)}`,
    "pixel values are in 0 to 1",
    shape[2] === 3 ? "red, green and blue each for itself" : "",
    images.length > MOST_ROWS ? `the first ${MOST_ROWS} of ${images.length} images` : "",
  ];
  const limit = formatPixels(range);
  return [
    `Difference: grey = none, white = +${limit}, black = −${limit}.`,
    `${parts.filter((part) => part !== "").join("; ")}.`,
  ];
}

/** "8/255" where it is a whole number of grey levels, else a decimal fraction. */
function formatPixels(value: number): string {
  const levels = value * 255;
  return Math.abs(levels - Math.round(levels)) < 1e-4 && levels > 0.5 && levels < 254.5
    ? `${Math.round(levels)}/255`
    : formatValue(value);
}

function shownDifference({ clean, adversarial }: AttackedImage, range: number): Float32Array {
  return clean.map((value, i) => 0.5 + (range > 0 ? ((adversarial[i] ?? value) - value) / (2 * range) : 0));
}

/** A thin line around a picture, so that white pixels end somewhere. */
function frame(transform: string, { width, height, zoom }: { width: number; height: number; zoom: number }): string {
  return `<rect transform="${transform}" width="${width}" height="${height}" fill="none" stroke="#888888" ` +
    `stroke-width="${1 / zoom}"/>`;
}

/** One path for each colour: runs of equal pixels in a row as rectangles one unit high. */
function pixels(values: ArrayLike<number>, of: { width: number; height: number; channels: number }): string {
  const runs = new Map<string, string>();
  for (let y = 0; y < of.height; y++) {
    for (let x = 0, next = 0; x < of.width; x = next) {
      const colour = colourAt(values, y * of.width + x, of.channels);
      for (next = x + 1; next < of.width && colourAt(values, y * of.width + next, of.channels) === colour;) next++;
      runs.set(colour, `${runs.get(colour) ?? ""}M${x} ${y}h${next - x}v1h${x - next}z`);
    }
  }
  return [...runs].map(([colour, path]) => `<path fill="${colour}" d="${path}"/>`).join("");
}

function colourAt(values: ArrayLike<number>, pixel: number, channels: number): string {
  const hex = [0, 1, 2].map((channel) => {
    const value = values[pixel * channels + Math.min(channel, channels - 1)] ?? 0;
    return Math.round(255 * Math.min(1, Math.max(0, value))).toString(16).padStart(2, "0");
  });
  return `#${hex.join("")}`;
}

/** Three lines beside an image. Right and wrong are told in words, for those who see no colours. */
function describe(image: AttackedImage, names: readonly string[] | undefined): string[] {
  const name = (index: number) => names?.[index] === undefined ? String(index) : shortText(names[index], 20);
  const verdict = (predicted: number) => `${name(predicted)}, ${predicted === image.label ? "correct" : "wrong"}`;
  return [
    `Image ${image.position}, label ${name(image.label)}`,
    `clean: predicted ${verdict(image.predictedClean)}`,
    `adversarial: predicted ${verdict(image.predictedAdversarial)}`,
  ];
}

function text(content: string, { x, y, size }: { x: number; y: number; size?: number }): string {
  const escaped = content.replace(/[&<>"']/g, (character) => `&#${character.charCodeAt(0)};`);
  return `<text x="${x}" y="${y}"${size === undefined ? "" : ` font-size="${size}"`}>${escaped}</text>`;
}
