// Direct gradient of a convolution's filter, image by image.
import { padImage } from "./padding";
import { outerProduct } from "./outer_blocks";

/**
 * gradient[i, j, c, k] = Σ over n, y, x of image[n, y·stride + i − top, x·stride + j − left, c] · dy[n, y, x, k], zeros
 * outside the image.
 *
 * @param paddedHeight, paddedWidth What the taps reach; where they differ from the image or top or left is not 0, each
 * image is copied into `scratch`, paddedHeight · paddedWidth · channels floats.
 * @param band Output rows that are taken at once, so that they and what they see stay in the cache.
 */
export function filterGradient(
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
  filterHeight: i32,
  filterWidth: i32,
  stride: i32,
  top: i32,
  left: i32,
  paddedHeight: i32,
  paddedWidth: i32,
  band: i32,
  scratch: usize,
): void {
  const pixel = <usize> channels << 2, dyPixel = <usize> outChannels << 2;
  const isPadded = top != 0 || left != 0 || paddedHeight > height || paddedWidth > width;
  const row = (isPadded ? paddedWidth : width) * pixel;
  const across = filterWidth * channels;
  memory.fill(gradient, 0, filterHeight * across * dyPixel);
  for (let n = 0; n < images; n++) {
    if (isPadded) padImage(x, scratch, height, width, pixel, top, left, paddedHeight, paddedWidth);
    const image = isPadded ? scratch : x;
    for (let y = 0; y < outHeight; y += band) {
      for (let i = 0; i < filterHeight; i++) {
        outerProduct(
          image + (y * stride + i) * row,
          stride * row,
          stride * pixel,
          across,
          dy + y * outWidth * dyPixel,
          outWidth * dyPixel,
          dyPixel,
          outChannels,
          min(band, outHeight - y),
          outWidth,
          gradient + i * across * dyPixel,
          dyPixel,
        );
      }
    }
    x += height * width * pixel;
    dy += outHeight * outWidth * dyPixel;
  }
}
