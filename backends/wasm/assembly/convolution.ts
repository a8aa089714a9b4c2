// Direct convolution of NHWC images, image by image.
import { padImage } from "./padding";
import { productLine } from "./product_blocks";

/**
 * out[n, y, x, k] = max(floor, bias[k] + Σ over i, j, c of image[n, y·stride + i − top, x·stride + j − left, c] ·
 * filter[i, j, c, k]), zeros outside the image. `top` and `left` may be negative. Output (n, y, x) is at
 * out + n·outImage + y·outRow + x·outPixel bytes, so that it may be every second pixel of a larger image.
 *
 * @param packed The filter by packPanels.
 * @param bias A multiple of 8 floats.
 * @param group Images that are convolved with one panel before the next is fetched.
 * @param scratch 192 bytes; where left is not 0 or columns after the last are seen, also `group` images whose rows are
 *   as wide as what the outputs see.
 */
export function convolve(
  x: usize,
  images: i32,
  height: i32,
  width: i32,
  channels: i32,
  packed: usize,
  filterHeight: i32,
  filterWidth: i32,
  bias: usize,
  out: usize,
  outHeight: i32,
  outWidth: i32,
  outChannels: i32,
  outImage: usize,
  outRow: usize,
  outPixel: usize,
  stride: i32,
  top: i32,
  left: i32,
  floor: f32,
  group: i32,
  scratch: usize,
): void {
  const pixel = <usize> channels << 2;
  const needed = (outWidth - 1) * stride + filterWidth;
  const isPadded = left != 0 || needed > width;
  const lineWidth = isPadded ? needed : width;
  const row = lineWidth * pixel, length = filterWidth * pixel;
  const xImage = height * row, panelRow = length << 3;
  const tile = scratch, padded = scratch + 192;
  for (let n = 0; n < images; n += group) {
    const count = min(group, images - n);
    if (isPadded) padImage(x, padded, count * height, width, pixel, 0, left, count * height, lineWidth);
    const from = isPadded ? padded : x;
    for (let k = 0; k < outChannels; k += 8) {
      const panel = packed + (k >> 3) * (filterHeight * panelRow);
      for (let image = 0; image < count; image++) {
        for (let y = 0; y < outHeight; y++) {
          const first = y * stride - top;
          const begin = max(0, -first), end = min(filterHeight, height - first);
          productLine(
            from + image * xImage + (first + begin) * row,
            stride * pixel,
            row,
            end - begin,
            length,
            panel + begin * panelRow,
            bias + (k << 2),
            out + image * outImage + y * outRow + (k << 2),
            outPixel,
            outWidth,
            outChannels - k,
            floor,
            tile,
          );
        }
      }
    }
    x += count * height * width * pixel;
    out += count * outImage;
  }
}
