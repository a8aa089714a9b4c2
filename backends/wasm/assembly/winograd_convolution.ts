// Stride-1 3x3 convolutions by Winograd's minimal filtering; see winograd_tiles.ts. Tiles are taken in groups, across images;
// what a tile gives does not depend on its group.
import { productLine } from "./product_blocks";
import { inputTile, LINE, outputTile, WORK } from "./winograd_tiles";

/**
 * Convolution as `convolve` at stride 1, with channels a multiple of 4 and outChannels of 8.
 *
 * @param group Tiles that are taken at once.
 * @param scratch (side + 2)²·(group + 1)·(channels + outChannels + 32) + 256 floats.
 */
export function winogradConvolve(
  x: usize,
  images: i32,
  height: i32,
  width: i32,
  channels: i32,
  packed: usize,
  bias: usize,
  out: usize,
  outHeight: i32,
  outWidth: i32,
  outChannels: i32,
  top: i32,
  left: i32,
  floor: f32,
  side: i32,
  group: i32,
  scratch: usize,
): void {
  const tilesDown = (outHeight + side - 1) / side, tilesAcross = (outWidth + side - 1) / side;
  const tiles = images * tilesDown * tilesAcross, planes = (side + 2) * (side + 2);
  const pixel = <usize> channels << 2, outPixel = <usize> outChannels << 2, outRow = outWidth * outPixel;
  const inputPlane = group * pixel + LINE, outputPlane = group * outPixel + LINE;
  const zeros = scratch, work = zeros + 32, inputs = work + WORK, outputs = inputs + planes * inputPlane;
  const edge = outputs + planes * outputPlane;
  memory.fill(zeros, 0, 32);
  for (let first = 0; first < tiles; first += group) {
    const count = min(group, tiles - first);
    for (let t = 0; t < count; t++) {
      const tile = first + t, line = tile / tilesAcross;
      inputTile(
        x + (line / tilesDown) * height * width * pixel,
        side * (line % tilesDown) - top,
        side * (tile % tilesAcross) - left,
        height,
        width,
        channels,
        side,
        inputs + t * pixel,
        inputPlane,
        edge,
        work,
      );
    }
    for (let plane = 0; plane < planes; plane++) {
      const a = inputs + plane * inputPlane, o = outputs + plane * outputPlane;
      const panels = packed + plane * (channels * outPixel + LINE);
      for (let k = 0; k < outChannels; k += 8) {
        productLine(a, pixel, 0, 1, pixel, panels + k * pixel, zeros, o + (k << 2), outPixel, count, 8, -Infinity, 0);
      }
    }
    for (let t = 0; t < count; t++) {
      const tile = first + t, line = tile / tilesAcross;
      const y = side * (line % tilesDown), column = side * (tile % tilesAcross);
      outputTile(
        outputs + t * outPixel,
        outputPlane,
        bias,
        out + ((line / tilesDown) * outHeight + y) * outRow + column * outPixel,
        outRow,
        min(side, outHeight - y),
        min(side, outWidth - column),
        outChannels,
        side,
        floor,
        edge,
        work,
      );
    }
  }
}
