// Gradient of the filter of a stride-1 3x3 convolution by Winograd's minimal filtering; see winograd_tiles.ts.
import { outerProduct } from "./outer_blocks";
import { filterGradientFour } from "./winograd_four";
import { gradientTile, inputTile, LINE, WORK } from "./winograd_tiles";
import { filterGradientTwo } from "./winograd_two";

/**
 * Filter gradient as `filterGradient` at stride 1, with channels a multiple of 4 and outChannels of 8.
 *
 * @param group Tiles that are taken at once.
 * @param scratch (side + 2)²·((group + 1)·(channels + outChannels + 64) + channels·outChannels) + 256 floats.
 */
export function winogradFilterGradient(
  x: usize,
  dy: usize,
  images: i32,
  height: i32,
  width: i32,
  channels: i32,
  outHeight: i32,
  outWidth: i32,
  outChannels: i32,
  gradient: usize,
  top: i32,
  left: i32,
  side: i32,
  group: i32,
  scratch: usize,
): void {
  const tilesDown = (outHeight + side - 1) / side, tilesAcross = (outWidth + side - 1) / side;
  const tiles = images * tilesDown * tilesAcross, planes = (side + 2) * (side + 2);
  const pixel = <usize> channels << 2, dyPixel = <usize> outChannels << 2;
  const xStep = pixel + LINE, dyStep = dyPixel + LINE;
  const xPlane = group * xStep + LINE, dyPlane = group * dyStep + LINE, sumPlane = channels * dyPixel + LINE;
  const work = scratch, inputs = work + WORK, gradients = inputs + planes * xPlane, sums = gradients + planes * dyPlane;
  const edge = sums + planes * sumPlane;
  memory.fill(sums, 0, planes * sumPlane);
  for (let first = 0; first < tiles; first += group) {
    const count = min(group, tiles - first);
    for (let t = 0; t < count; t++) {
      const tile = first + t, line = tile / tilesAcross, image = line / tilesDown;
      const y = side * (line % tilesDown), column = side * (tile % tilesAcross);
      inputTile(
        x + image * height * width * pixel,
        y - top,
        column - left,
        height,
        width,
        channels,
        side,
        inputs + t * xStep,
        xPlane,
        edge,
        work,
      );
      gradientTile(
        dy + image * outHeight * outWidth * dyPixel,
        y,
        column,
        outHeight,
        outWidth,
        outChannels,
        side,
        gradients + t * dyStep,
        dyPlane,
        edge,
        work,
      );
    }
    for (let plane = 0; plane < planes; plane++) {
      outerProduct(
        inputs + plane * xPlane,
        0,
        xStep,
        channels,
        gradients + plane * dyPlane,
        0,
        dyStep,
        outChannels,
        1,
        count,
        sums + plane * sumPlane,
        dyPixel,
      );
    }
  }
  for (let c = 0; c < channels; c++) {
    const from = sums + c * dyPixel, to = gradient + c * dyPixel;
    if (side == 4) filterGradientFour(from, sumPlane, to, channels * dyPixel, outChannels, work);
    else filterGradientTwo(from, sumPlane, to, channels * dyPixel, outChannels, work);
  }
}
