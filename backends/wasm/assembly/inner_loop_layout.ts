// How inner_loop.ts lays out filter, images and costate p.

/** Outputs that are computed together. */
export const TILE: i32 = 48;
export const TILE_BYTES: usize = 192;

/** The next multiple. */
export function roundUp(value: i32, multiple: i32): i32 {
  return (value + multiple - 1) / multiple * multiple;
}

/** forward: [four channels][tap][channel]; backward: [group][channel][3 taps]. */
export function packFilter(
  filter: usize,
  forward: usize,
  backward: usize,
  channels: i32,
  outChannels: i32,
  kernelHeight: i32,
  kernelWidth: i32,
): void {
  const groupsPerRow = roundUp(kernelWidth, 3) / 3;
  const taps = channels * kernelHeight * kernelWidth;
  const depth = roundUp(outChannels, 4);
  for (let row = 0; row < kernelHeight; row++) {
    for (let column = 0; column < kernelWidth; column++) {
      for (let channel = 0; channel < channels; channel++) {
        const line = channel * kernelHeight + row;
        const tap = line * kernelWidth + column, group = line * groupsPerRow + column / 3;
        for (let k = 0; k < outChannels; k++, filter += 4) {
          const weight = load<f32>(filter);
          store<f32>(forward + <usize> ((((k >> 2) * taps + tap) * 4 + (k & 3)) << 2), weight);
          store<f32>(backward + <usize> (((group * depth + k) * 3 + column % 3) << 2), weight);
        }
      }
    }
  }
}

/** [height, width, channels] to planes whose rows are `stride` floats apart. */
export function splitChannels(
  from: usize,
  to: usize,
  height: i32,
  width: i32,
  channels: i32,
  stride: i32,
  plane: usize,
): void {
  for (let row = 0; row < height; row++) {
    let place = to + <usize> (row * stride << 2);
    for (let column = 0; column < width; column++, place += 4) {
      for (let channel = 0; channel < channels; channel++, from += 4) {
        store<f32>(place + <usize> channel * plane, load<f32>(from));
      }
    }
  }
}

/** The inverse. */
export function joinChannels(
  from: usize,
  to: usize,
  height: i32,
  width: i32,
  channels: i32,
  stride: i32,
  plane: usize,
): void {
  for (let row = 0; row < height; row++) {
    let place = from + <usize> (row * stride << 2);
    for (let column = 0; column < width; column++, place += 4) {
      for (let channel = 0; channel < channels; channel++, to += 4) {
        store<f32>(to, load<f32>(place + <usize> channel * plane));
      }
    }
  }
}

/** p of one image to [tile][channel][48 outputs], with 0 where an output straddles a row's end. */
export function tileCostate(
  p: usize,
  tiles: usize,
  nothing: usize,
  outHeight: i32,
  outWidth: i32,
  outChannels: i32,
  stride: i32,
  depth: i32,
  length: i32,
): void {
  for (let output = 0; output < length; output += 4) {
    const to = tiles + <usize> ((output / TILE * depth * TILE + output % TILE) << 2);
    transposePixels(
      costateAt(p, nothing, output, outHeight, outWidth, outChannels, stride),
      costateAt(p, nothing, output + 1, outHeight, outWidth, outChannels, stride),
      costateAt(p, nothing, output + 2, outHeight, outWidth, outChannels, stride),
      costateAt(p, nothing, output + 3, outHeight, outWidth, outChannels, stride),
      to,
      outChannels,
    );
  }
}

function costateAt(
  p: usize,
  nothing: usize,
  output: i32,
  outHeight: i32,
  outWidth: i32,
  outChannels: i32,
  stride: i32,
): usize {
  const row = output / stride, column = output % stride;
  return row < outHeight && column < outWidth ? p + <usize> ((row * outWidth + column) * outChannels << 2) : nothing;
}

// Channels of four pixels to [channel][4 pixels], channels TILE floats apart.
function transposePixels(a: usize, b: usize, c: usize, d: usize, to: usize, channels: i32): void {
  let channel = 0;
  for (; channel + 4 <= channels; channel += 4, to += 4 * TILE_BYTES) {
    const at = <usize> channel << 2;
    const va = v128.load(a + at), vb = v128.load(b + at), vc = v128.load(c + at), vd = v128.load(d + at);
    const ab = v128.shuffle<f32>(va, vb, 0, 4, 1, 5), cd = v128.shuffle<f32>(vc, vd, 0, 4, 1, 5);
    const ab2 = v128.shuffle<f32>(va, vb, 2, 6, 3, 7), cd2 = v128.shuffle<f32>(vc, vd, 2, 6, 3, 7);
    v128.store(to, v128.shuffle<f32>(ab, cd, 0, 1, 4, 5));
    v128.store(to, v128.shuffle<f32>(ab, cd, 2, 3, 6, 7), TILE_BYTES);
    v128.store(to, v128.shuffle<f32>(ab2, cd2, 0, 1, 4, 5), 2 * TILE_BYTES);
    v128.store(to, v128.shuffle<f32>(ab2, cd2, 2, 3, 6, 7), 3 * TILE_BYTES);
  }
  for (; channel < channels; channel++, to += TILE_BYTES) {
    const at = <usize> channel << 2;
    store<f32>(to, load<f32>(a + at));
    store<f32>(to, load<f32>(b + at), 4);
    store<f32>(to, load<f32>(c + at), 8);
    store<f32>(to, load<f32>(d + at), 12);
  }
}
