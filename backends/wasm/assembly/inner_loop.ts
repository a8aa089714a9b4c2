// YOPO's inner loop for a convolution of stride 1 followed by ReLU: Zhang et al. 2019, arXiv:1905.00877, algorithm 1.
//
// One image at a time, in cache, vectorised over pixels: every channel is a plane whose rows stand `stride` = padded width
// floats apart, so that a convolution's tap is one offset for all outputs: tap (row, column) of output o reads input
// o + row·stride + column. Outputs that straddle a row's end are computed too; their p is 0, so they change nothing.
//
// A tile of 48 outputs first gets m = p where conv(z) + bias > 0, all channels, then for each tap Σ over channels of
// weight · m, into a plane for the tap; for this, taps come in groups of three neighbours of a row, with weights of 0 where
// the filter is narrower. The gradient at an input is the sum of its taps' planes, each shifted by its offset; reading
// them back once a step costs less than adding into overlapping places would.

import { along, clip } from "./attack_steps";
import { joinChannels, packFilter, roundUp, splitChannels, TILE, TILE_BYTES, tileCostate } from "./inner_loop_layout";
import { multiplyAdd } from "./multiply_add";

// Outputs, whole tiles.
function tiledLength(outHeight: i32, outWidth: i32, stride: i32): i32 {
  return roundUp((outHeight - 1) * stride + outWidth, TILE);
}

// The farthest that a tap reaches, those of weight 0 included.
function reach(kernelHeight: i32, kernelWidth: i32, stride: i32): i32 {
  return roundUp((kernelHeight - 1) * stride + roundUp(kernelWidth, 3) - 1, 4);
}

// Floats of an image's plane, and of a tap's behind its leading zeros: what the tiles or a walk over the image touch.
function planeLength(outHeight: i32, outWidth: i32, kernelHeight: i32, kernelWidth: i32): i32 {
  const stride = outWidth + kernelWidth - 1;
  const tiles = tiledLength(outHeight, outWidth, stride) + reach(kernelHeight, kernelWidth, stride);
  return roundUp(max(tiles, (outHeight + kernelHeight - 1) * stride), 4);
}

/** Floats that innerLoop needs at `scratch`. */
export function innerLoopScratch(
  outHeight: i32,
  outWidth: i32,
  channels: i32,
  outChannels: i32,
  kernelHeight: i32,
  kernelWidth: i32,
): i32 {
  const stride = outWidth + kernelWidth - 1;
  const plane = planeLength(outHeight, outWidth, kernelHeight, kernelWidth);
  const groups = channels * kernelHeight * (roundUp(kernelWidth, 3) / 3);
  const depth = roundUp(outChannels, 4);
  const imagePlanes = (3 * channels + 1) * plane;
  const tapPlanes = 3 * groups * (plane + reach(kernelHeight, kernelWidth, stride));
  const masks = depth * (tiledLength(outHeight, outWidth, stride) + TILE);
  return imagePlanes + tapPlanes + masks + 6 * groups * depth + 3 * groups + 2 * depth + 4;
}

/**
 * out = η after `steps` steps. x, eta, out `[batch, height, width, channels]`; p `[batch, outHeight, outWidth,
 * outChannels]`; filter `[kernelHeight, kernelWidth, channels, outChannels]`; bias `[outChannels]`, or 0 for none. Steps
 * along the gradient's sign, or along the gradient itself.
 */
export function innerLoop(
  x: usize,
  eta: usize,
  p: usize,
  filter: usize,
  bias: usize,
  out: usize,
  scratch: usize,
  batch: i32,
  height: i32,
  width: i32,
  channels: i32,
  outHeight: i32,
  outWidth: i32,
  outChannels: i32,
  kernelHeight: i32,
  kernelWidth: i32,
  padTop: i32,
  padLeft: i32,
  epsilon: f32,
  stepSize: f32,
  steps: i32,
  bySign: bool,
): void {
  const stride = outWidth + kernelWidth - 1;
  const pixels = (outHeight + kernelHeight - 1) * stride;
  const length = tiledLength(outHeight, outWidth, stride);
  const lead = <usize> reach(kernelHeight, kernelWidth, stride) << 2;
  const plane = <usize> planeLength(outHeight, outWidth, kernelHeight, kernelWidth) << 2;
  const tapPlane = plane + lead;
  const groupsPerRow = roundUp(kernelWidth, 3) / 3;
  const groups = channels * kernelHeight * groupsPerRow;
  const taps = channels * kernelHeight * kernelWidth;
  const depth = roundUp(outChannels, 4);
  const planes = plane * channels;

  const xs = scratch;
  const etas = xs + planes;
  const zs = etas + planes;
  const reaches = zs + planes; // α inside the image, 0 in its padding
  const tapSums = reaches + plane;
  const tiles = tapSums + 3 * <usize> groups * tapPlane;
  const masked = tiles + <usize> (depth * length << 2);
  const forward = masked + <usize> depth * TILE_BYTES;
  const backward = forward + <usize> (taps * depth << 2);
  const biases = backward + <usize> (3 * groups * depth << 2);
  const offsets = biases + <usize> (depth << 2);
  const nothing = offsets + <usize> (taps << 2); // outChannels zeros

  memory.fill(scratch, 0, nothing + <usize> (depth << 2) - scratch);
  packFilter(filter, forward, backward, channels, outChannels, kernelHeight, kernelWidth);
  if (bias != 0) memory.copy(biases, bias, <usize> outChannels << 2);
  for (let tap = 0; tap < taps; tap++) {
    const line = tap / kernelWidth, column = tap % kernelWidth;
    const offset = (line % kernelHeight * stride + column << 2) + line / kernelHeight * <i32> plane;
    store<i32>(offsets + <usize> (tap << 2), offset);
  }
  const origin = <usize> (padTop * stride + padLeft << 2);
  for (let row = 0; row < height; row++) {
    for (let column = 0; column < width; column++) {
      store<f32>(reaches + origin + <usize> (row * stride + column << 2), stepSize);
    }
  }

  const imageBytes = <usize> (height * width * channels << 2);
  const costateBytes = <usize> (outHeight * outWidth * outChannels << 2);
  for (let image = 0; image < batch; image++) {
    splitChannels(x, xs + origin, height, width, channels, stride, plane);
    splitChannels(eta, etas + origin, height, width, channels, stride, plane);
    tileCostate(p, tiles, nothing, outHeight, outWidth, outChannels, stride, depth, length);
    clipSums(xs, etas, zs, channels, plane, pixels);
    for (let step = 0; step < steps; step++) {
      for (let first = 0; first < length; first += TILE) {
        const at = <usize> first << 2;
        maskTile(zs + at, offsets, taps, forward, biases, tiles + at * <usize> depth, masked, depth);
        sumTile(masked, backward, groups, depth, tapSums + lead + at, tapPlane);
      }
      for (let channel = 0; channel < channels; channel++) {
        const at = <usize> channel * plane;
        const own = tapSums + lead + <usize> (channel * kernelHeight * groupsPerRow * 3) * tapPlane;
        moveEta(
          xs + at,
          etas + at,
          zs + at,
          reaches,
          own,
          tapPlane,
          kernelHeight,
          groupsPerRow,
          stride,
          pixels,
          epsilon,
          bySign,
        );
      }
    }
    joinChannels(etas + origin, out, height, width, channels, stride, plane);
    x += imageBytes;
    eta += imageBytes;
    out += imageBytes;
    p += costateBytes;
  }
}

// z = clip(x + η, 0, 1).
function clipSums(xs: usize, etas: usize, zs: usize, channels: i32, plane: usize, pixels: i32): void {
  for (let channel = 0; channel < channels; channel++) {
    const at = <usize> channel * plane, end = at + (<usize> pixels << 2);
    for (let i = at; i < end; i += 16) {
      v128.store(zs + i, clip(f32x4.add(v128.load(xs + i), v128.load(etas + i)), f32x4.splat(0), f32x4.splat(1)));
    }
  }
}

// masked[channel][48] = p where conv(z) + bias > 0, else 0.
function maskTile(
  z: usize,
  offsets: usize,
  taps: i32,
  weights: usize,
  biases: usize,
  p: usize,
  masked: usize,
  depth: i32,
): void {
  const offsetsEnd = offsets + (<usize> taps << 2);
  for (const end = biases + (<usize> depth << 2); biases < end; biases += 16) {
    for (let at: usize = 0; at < TILE_BYTES; at += 32) {
      maskBlock(z + at, offsets, offsetsEnd, weights, biases, p + at, masked + at);
    }
    weights += <usize> taps << 4;
    p += 4 * TILE_BYTES;
    masked += 4 * TILE_BYTES;
  }
}

// Eight outputs of four channels, one tap after the other: with more at once, the compiler runs out of registers.
function maskBlock(
  z: usize,
  offsets: usize,
  offsetsEnd: usize,
  weights: usize,
  biases: usize,
  p: usize,
  masked: usize,
): void {
  let a0 = v128.load32_splat(biases), a1 = a0, b0 = v128.load32_splat(biases, 4), b1 = b0;
  let c0 = v128.load32_splat(biases, 8), c1 = c0, d0 = v128.load32_splat(biases, 12), d1 = d0;
  for (; offsets < offsetsEnd; offsets += 4, weights += 16) {
    const from = z + <usize> load<i32>(offsets);
    const z0 = v128.load(from), z1 = v128.load(from, 16);
    let weight = v128.load32_splat(weights);
    a0 = multiplyAdd(weight, z0, a0);
    a1 = multiplyAdd(weight, z1, a1);
    weight = v128.load32_splat(weights, 4);
    b0 = multiplyAdd(weight, z0, b0);
    b1 = multiplyAdd(weight, z1, b1);
    weight = v128.load32_splat(weights, 8);
    c0 = multiplyAdd(weight, z0, c0);
    c1 = multiplyAdd(weight, z1, c1);
    weight = v128.load32_splat(weights, 12);
    d0 = multiplyAdd(weight, z0, d0);
    d1 = multiplyAdd(weight, z1, d1);
  }
  maskChannel(a0, a1, p, masked);
  maskChannel(b0, b1, p + TILE_BYTES, masked + TILE_BYTES);
  maskChannel(c0, c1, p + 2 * TILE_BYTES, masked + 2 * TILE_BYTES);
  maskChannel(d0, d1, p + 3 * TILE_BYTES, masked + 3 * TILE_BYTES);
}

function maskChannel(value0: v128, value1: v128, p: usize, masked: usize): void {
  const zero = f32x4.splat(0);
  v128.store(masked, v128.and(v128.load(p), f32x4.gt(value0, zero)));
  v128.store(masked, v128.and(v128.load(p, 16), f32x4.gt(value1, zero)), 16);
}

// For each tap, Σ over channels of weight · masked.
function sumTile(masked: usize, weights: usize, groups: i32, depth: i32, taps: usize, tapPlane: usize): void {
  const groupBytes = <usize> (depth * 12);
  for (; groups > 0; groups--) {
    for (let at: usize = 0; at < TILE_BYTES; at += 48) {
      sumBlock(masked + at, weights, weights + groupBytes, taps + at, tapPlane);
    }
    weights += groupBytes;
    taps += 3 * tapPlane;
  }
}

// Twelve outputs, three taps.
function sumBlock(masked: usize, weights: usize, weightsEnd: usize, tap: usize, tapPlane: usize): void {
  let a0 = f32x4.splat(0), a1 = a0, a2 = a0, b0 = a0, b1 = a0, b2 = a0, c0 = a0, c1 = a0, c2 = a0;
  for (; weights < weightsEnd; weights += 12, masked += TILE_BYTES) {
    const m0 = v128.load(masked), m1 = v128.load(masked, 16), m2 = v128.load(masked, 32);
    let weight = v128.load32_splat(weights);
    a0 = multiplyAdd(weight, m0, a0);
    a1 = multiplyAdd(weight, m1, a1);
    a2 = multiplyAdd(weight, m2, a2);
    weight = v128.load32_splat(weights, 4);
    b0 = multiplyAdd(weight, m0, b0);
    b1 = multiplyAdd(weight, m1, b1);
    b2 = multiplyAdd(weight, m2, b2);
    weight = v128.load32_splat(weights, 8);
    c0 = multiplyAdd(weight, m0, c0);
    c1 = multiplyAdd(weight, m1, c1);
    c2 = multiplyAdd(weight, m2, c2);
  }
  v128.store(tap, a0);
  v128.store(tap, a1, 16);
  v128.store(tap, a2, 32);
  tap += tapPlane;
  v128.store(tap, b0);
  v128.store(tap, b1, 16);
  v128.store(tap, b2, 32);
  tap += tapPlane;
  v128.store(tap, c0);
  v128.store(tap, c1, 16);
  v128.store(tap, c2, 32);
}

// One channel's step: gathers the gradient from the taps' planes, moves η, projects it and writes the new z.
function moveEta(
  x: usize,
  eta: usize,
  z: usize,
  reaches: usize,
  taps: usize,
  tapPlane: usize,
  kernelHeight: i32,
  groupsPerRow: i32,
  stride: i32,
  pixels: i32,
  epsilon: f32,
  bySign: bool,
): void {
  const zero = f32x4.splat(0), one = f32x4.splat(1);
  const low = f32x4.splat(-epsilon), high = f32x4.splat(epsilon);
  const end = x + (<usize> pixels << 2);
  const rowTaps = <usize> (3 * groupsPerRow) * tapPlane - <usize> (stride << 2);
  for (; x < end; x += 16, eta += 16, z += 16, reaches += 16, taps += 16) {
    let g = zero;
    let row = taps;
    for (let i = 0; i < kernelHeight; i++, row += rowTaps) {
      let tap = row;
      for (let j = 0; j < groupsPerRow; j++, tap += 3 * tapPlane - 12) {
        const pair = f32x4.add(v128.load(tap), v128.load(tap + tapPlane - 4));
        g = f32x4.add(g, f32x4.add(pair, v128.load(tap + 2 * tapPlane - 8)));
      }
    }
    const pixel = v128.load(x), before = v128.load(eta), reach = v128.load(reaches);
    const sum = f32x4.add(pixel, before);
    const inside = f32x4.eq(sum, clip(sum, zero, one)); // the clip passes the gradient AT its bounds
    const step = bySign ? along(g, reach) : f32x4.mul(reach, g);
    const moved = clip(f32x4.add(before, v128.and(step, inside)), low, high);
    const after = f32x4.sub(clip(f32x4.add(pixel, moved), zero, one), pixel);
    v128.store(eta, after);
    v128.store(z, clip(f32x4.add(pixel, after), zero, one));
  }
}
