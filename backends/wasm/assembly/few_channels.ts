// Gradient of a stride-1 convolution's input where it has too few channels to fill a register with them, such as an image:
// sums over the output channels are taken four at a time instead.
import { multiplyAdd } from "./multiply_add";

/**
 * gradient[n, y, x, c] = Σ over i, j, k of dy[n, y + top − i, x + left − j, k] · filter[i, j, c, k], zeros outside dy;
 * outChannels is a multiple of 4.
 */
export function fewChannelsInputGradient(
  dy: usize,
  images: i32,
  outHeight: i32,
  outWidth: i32,
  outChannels: i32,
  filter: usize,
  filterHeight: i32,
  filterWidth: i32,
  channels: i32,
  gradient: usize,
  height: i32,
  width: i32,
  top: i32,
  left: i32,
): void {
  const dyPixel = <usize> outChannels << 2, dyRow = outWidth * dyPixel, pixel = <usize> channels << 2;
  const column = channels * dyPixel, row = filterWidth * column;
  // From `inner` to before `innerEnd`, every tap of a line falls inside dy.
  const inner = max(0, filterWidth - 1 - left), innerEnd = min(width, outWidth - left);
  for (let n = 0; n < images; n++) {
    for (let y = 0; y < height; y++) {
      const firstTap = max(0, y + top - outHeight + 1), rows = min(filterHeight, y + top + 1) - firstTap;
      const line = dy + (y + top - firstTap) * dyRow;
      for (let c = 0; c < channels; c++) {
        const taps = filter + firstTap * row + c * dyPixel, to = gradient + y * width * pixel + (c << 2);
        for (let x = 0; x < width;) {
          if (x >= inner && x + 8 <= innerEnd) {
            eightPixels(
              line + (x + left) * dyPixel,
              dyPixel,
              dyRow,
              taps,
              column,
              row,
              rows,
              filterWidth,
              to + x * pixel,
              pixel,
            );
            x += 8;
          } else {
            const first = max(0, x + left - outWidth + 1), columns = min(filterWidth, x + left + 1) - first;
            onePixel(
              line + (x + left - first) * dyPixel,
              dyPixel,
              dyRow,
              taps + first * column,
              column,
              row,
              rows,
              columns,
              to + x * pixel,
            );
            x++;
          }
        }
      }
    }
    dy += outHeight * dyRow;
    gradient += height * width * pixel;
  }
}

/** Eight neighbours of a line; dy is read upwards and leftwards from `dy`, as the taps go down and right. */
function eightPixels(
  dy: usize,
  dyPixel: usize,
  dyRow: usize,
  taps: usize,
  column: usize,
  row: usize,
  rows: i32,
  columns: i32,
  to: usize,
  pixel: usize,
): void {
  let s0 = f32x4.splat(0), s1 = s0, s2 = s0, s3 = s0, s4 = s0, s5 = s0, s6 = s0, s7 = s0;
  for (; rows > 0; rows--, dy -= dyRow, taps += row) {
    let line = dy, tap = taps;
    for (let j = 0; j < columns; j++, line -= dyPixel, tap += column) {
      let d = line;
      for (let w = tap, end = tap + dyPixel; w < end; w += 16, d += 16) {
        const weight = v128.load(w), d2 = d + 2 * dyPixel, d4 = d + 4 * dyPixel, d6 = d4 + 2 * dyPixel;
        s0 = multiplyAdd(weight, v128.load(d), s0);
        s1 = multiplyAdd(weight, v128.load(d + dyPixel), s1);
        s2 = multiplyAdd(weight, v128.load(d2), s2);
        s3 = multiplyAdd(weight, v128.load(d2 + dyPixel), s3);
        s4 = multiplyAdd(weight, v128.load(d4), s4);
        s5 = multiplyAdd(weight, v128.load(d4 + dyPixel), s5);
        s6 = multiplyAdd(weight, v128.load(d6), s6);
        s7 = multiplyAdd(weight, v128.load(d6 + dyPixel), s7);
      }
    }
  }
  storeFour(sumLanes(s0, s1, s2, s3), to, pixel);
  storeFour(sumLanes(s4, s5, s6, s7), to + 4 * pixel, pixel);
}

function onePixel(
  dy: usize,
  dyPixel: usize,
  dyRow: usize,
  taps: usize,
  column: usize,
  row: usize,
  rows: i32,
  columns: i32,
  to: usize,
): void {
  let sum = f32x4.splat(0);
  for (; rows > 0; rows--, dy -= dyRow, taps += row) {
    let line = dy, tap = taps;
    for (let j = 0; j < columns; j++, line -= dyPixel, tap += column) {
      for (let w = tap, d = line, end = tap + dyPixel; w < end; w += 16, d += 16) {
        sum = multiplyAdd(v128.load(w), v128.load(d), sum);
      }
    }
  }
  store<f32>(to, f32x4.extract_lane(sumLanes(sum, sum, sum, sum), 0));
}

/** Each vector's (lane 0 + lane 2) + (lane 1 + lane 3). */
function sumLanes(a: v128, b: v128, c: v128, d: v128): v128 {
  const ab = f32x4.add(v128.shuffle<f32>(a, b, 0, 1, 4, 5), v128.shuffle<f32>(a, b, 2, 3, 6, 7));
  const cd = f32x4.add(v128.shuffle<f32>(c, d, 0, 1, 4, 5), v128.shuffle<f32>(c, d, 2, 3, 6, 7));
  return f32x4.add(v128.shuffle<f32>(ab, cd, 0, 2, 4, 6), v128.shuffle<f32>(ab, cd, 1, 3, 5, 7));
}

function storeFour(values: v128, to: usize, pixel: usize): void {
  if (pixel == 4) {
    v128.store(to, values);
    return;
  }
  store<f32>(to, f32x4.extract_lane(values, 0));
  store<f32>(to + pixel, f32x4.extract_lane(values, 1));
  store<f32>(to + 2 * pixel, f32x4.extract_lane(values, 2));
  store<f32>(to + 3 * pixel, f32x4.extract_lane(values, 3));
}
