// Gradient of the input of a stride-1 3x3 convolution by the transpose of Winograd's F(4x4, 3x3): each 4x4 tile of dy spreads
// over 6x6 inputs, and overlapping tiles add up in order. Without padding there are fewer tiles of dy than of inputs.
import { addTo } from "./arrays";
import { productLine } from "./product_blocks";
import { spreadFour } from "./winograd_four";
import { gradientTile, LINE, WORK } from "./winograd_tiles";

/**
 * gradient[n, y, x, c] = Σ over i, j, k of dy[n, y + top − i, x + left − j, k] · filter[i, j, c, k], zeros outside dy;
 * channels is a multiple of 8 and outChannels of 4.
 *
 * @param packed The filter by packWinograd with side 4, outChannels inside and channels outside.
 * @param group Tiles that are taken at once.
 * @param scratch 36·(group + 1)·(channels + outChannels + 32) + 256 floats.
 */
export function winogradInputGradient(
  dy: usize,
  images: i32,
  outHeight: i32,
  outWidth: i32,
  outChannels: i32,
  packed: usize,
  gradient: usize,
  height: i32,
  width: i32,
  channels: i32,
  top: i32,
  left: i32,
  group: i32,
  scratch: usize,
): void {
  const tilesDown = (outHeight + 3) >> 2, tilesAcross = (outWidth + 3) >> 2, tiles = images * tilesDown * tilesAcross;
  const pixel = <usize> channels << 2, dyPixel = <usize> outChannels << 2;
  const dyPlane = group * dyPixel + LINE, spreadPlane = group * pixel + LINE;
  const zeros = scratch, work = zeros + 32, gradients = work + WORK, spreads = gradients + 36 * dyPlane;
  const tileOfInputs = spreads + 36 * spreadPlane;
  memory.fill(zeros, 0, 32);
  memory.fill(gradient, 0, images * height * width * pixel);
  for (let first = 0; first < tiles; first += group) {
    const count = min(group, tiles - first);
    for (let t = 0; t < count; t++) {
      const tile = first + t, line = tile / tilesAcross;
      gradientTile(
        dy + (line / tilesDown) * outHeight * outWidth * dyPixel,
        4 * (line % tilesDown),
        4 * (tile % tilesAcross),
        outHeight,
        outWidth,
        outChannels,
        4,
        gradients + t * dyPixel,
        dyPlane,
        tileOfInputs,
        work,
      );
    }
    for (let plane = 0; plane < 36; plane++) {
      const a = gradients + plane * dyPlane, o = spreads + plane * spreadPlane;
      const panels = packed + plane * (outChannels * pixel + LINE);
      for (let c = 0; c < channels; c += 8) {
        productLine(
          a,
          dyPixel,
          0,
          1,
          dyPixel,
          panels + c * dyPixel,
          zeros,
          o + (c << 2),
          pixel,
          count,
          8,
          -Infinity,
          0,
        );
      }
    }
    for (let t = 0; t < count; t++) {
      const tile = first + t, line = tile / tilesAcross;
      spreadFour(spreads + t * pixel, spreadPlane, tileOfInputs, channels, work);
      addTile(
        tileOfInputs,
        gradient + (line / tilesDown) * height * width * pixel,
        4 * (line % tilesDown) - top,
        4 * (tile % tilesAcross) - left,
        height,
        width,
        channels,
      );
    }
  }
}

/** Adds what lies inside the image of a tile of 6x6 inputs from (y, column) on. */
function addTile(tile: usize, image: usize, y: i32, column: i32, height: i32, width: i32, channels: i32): void {
  const pixel = <usize> channels << 2;
  const first = max(0, -column), end = min(6, width - column);
  if (first >= end) return;
  for (let row = max(0, -y), rows = min(6, height - y); row < rows; row++) {
    addTo(
      image + ((y + row) * width + column + first) * pixel,
      tile + (6 * row + first) * pixel,
      (end - first) * channels,
    );
  }
}
