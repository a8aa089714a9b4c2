// Winograd's minimal filtering for stride-1 3x3 convolutions, over tiles of side x side outputs, side 2 or 4: (side + 2)²
// products of matrices, one for each plane of the transformed tiles, instead of 9·side². This file has the tiles.
import { padImage } from "./padding";
import { gradientFour, inputFour, outputFour } from "./winograd_four";
import { gradientTwo, inputTwo, outputTwo } from "./winograd_two";

/** A cache line, by which planes and rows stand further apart than their values need: strides that are powers of two would
 *  share few cache sets. */
export const LINE: usize = 64;

/** Scratch of the transforms. */
export const WORK: usize = 576;

/** Transforms the tile of inputs from (y, column) on; what lies outside the image is zero. */
export function inputTile(
  image: usize,
  y: i32,
  column: i32,
  height: i32,
  width: i32,
  channels: i32,
  side: i32,
  planes: usize,
  plane: usize,
  edge: usize,
  work: usize,
): void {
  const pixel = <usize> channels << 2, extent = side + 2;
  let from = image + (y * width + column) * pixel, row = width * pixel;
  if (y < 0 || column < 0 || y + extent > height || column + extent > width) {
    padImage(image, edge, height, width, pixel, -y, -column, extent, extent);
    from = edge;
    row = extent * pixel;
  }
  if (side == 4) inputFour(from, row, pixel, planes, plane, channels, work);
  else inputTwo(from, row, pixel, planes, plane, channels, work);
}

/** Transforms a tile of outputs, of which `height` x `width` pixels exist. */
export function outputTile(
  planes: usize,
  plane: usize,
  bias: usize,
  out: usize,
  row: usize,
  height: i32,
  width: i32,
  channels: i32,
  side: i32,
  floor: f32,
  edge: usize,
  work: usize,
): void {
  const pixel = <usize> channels << 2, isWhole = height == side && width == side;
  const to = isWhole ? out : edge, toRow = isWhole ? row : side * pixel;
  if (side == 4) outputFour(planes, plane, bias, to, toRow, pixel, channels, floor, work);
  else outputTwo(planes, plane, bias, to, toRow, pixel, channels, floor, work);
  if (!isWhole) { for (let y = 0; y < height; y++) memory.copy(out + y * row, edge + y * toRow, width * pixel); }
}

/** Transforms the tile of output gradients from (y, column) on; what lies outside is zero. */
export function gradientTile(
  image: usize,
  y: i32,
  column: i32,
  height: i32,
  width: i32,
  channels: i32,
  side: i32,
  planes: usize,
  plane: usize,
  edge: usize,
  work: usize,
): void {
  const pixel = <usize> channels << 2;
  let from = image + (y * width + column) * pixel, row = width * pixel;
  if (y + side > height || column + side > width) {
    padImage(image, edge, height, width, pixel, -y, -column, side, side);
    from = edge;
    row = side * pixel;
  }
  if (side == 4) gradientFour(from, row, pixel, planes, plane, channels, work);
  else gradientTwo(from, row, pixel, planes, plane, channels, work);
}
