/** What our WebAssembly module exports for convolutions and matrix products; conventions as in exports.ts. @module */

/** convolution.ts, few_channels.ts, filter_gradient.ts */
export interface ConvolutionExports {
  convolve(
    x: number,
    images: number,
    height: number,
    width: number,
    channels: number,
    packed: number,
    filterHeight: number,
    filterWidth: number,
    bias: number,
    out: number,
    outHeight: number,
    outWidth: number,
    outChannels: number,
    outImage: number,
    outRow: number,
    outPixel: number,
    stride: number,
    top: number,
    left: number,
    floor: number,
    group: number,
    scratch: number,
  ): void;
  fewChannelsInputGradient(
    dy: number,
    images: number,
    outHeight: number,
    outWidth: number,
    outChannels: number,
    filter: number,
    filterHeight: number,
    filterWidth: number,
    channels: number,
    gradient: number,
    height: number,
    width: number,
    top: number,
    left: number,
  ): void;
  filterGradient(
    x: number,
    dy: number,
    images: number,
    height: number,
    width: number,
    channels: number,
    outHeight: number,
    outWidth: number,
    outChannels: number,
    gradient: number,
    filterHeight: number,
    filterWidth: number,
    stride: number,
    top: number,
    left: number,
    paddedHeight: number,
    paddedWidth: number,
    band: number,
    scratch: number,
  ): void;
}

/** matrix_product.ts, packing.ts */
export interface MatrixExports {
  multiply(
    a: number,
    rows: number,
    inner: number,
    packed: number,
    bias: number,
    out: number,
    columns: number,
    floor: number,
    band: number,
    tile: number,
  ): void;
  multiplyTransposed(
    a: number,
    b: number,
    rows: number,
    m: number,
    k: number,
    out: number,
  ): void;
  packPanels(
    factor: number,
    packed: number,
    rows: number,
    columns: number,
    rowStep: number,
    columnStep: number,
    inner: number,
    innerStep: number,
    outer: number,
    outerStep: number,
  ): void;
}

/** winograd_convolution.ts, winograd_filter_gradient.ts, winograd_input_gradient.ts, winograd_packing.ts */
export interface WinogradExports {
  packWinograd(
    filter: number,
    packed: number,
    side: number,
    rowStep: number,
    columnStep: number,
    inner: number,
    innerStep: number,
    outer: number,
    outerStep: number,
    work: number,
  ): void;
  winogradConvolve(
    x: number,
    images: number,
    height: number,
    width: number,
    channels: number,
    packed: number,
    bias: number,
    out: number,
    outHeight: number,
    outWidth: number,
    outChannels: number,
    top: number,
    left: number,
    floor: number,
    side: number,
    group: number,
    scratch: number,
  ): void;
  winogradInputGradient(
    dy: number,
    images: number,
    outHeight: number,
    outWidth: number,
    outChannels: number,
    packed: number,
    gradient: number,
    height: number,
    width: number,
    channels: number,
    top: number,
    left: number,
    group: number,
    scratch: number,
  ): void;
  winogradFilterGradient(
    x: number,
    dy: number,
    images: number,
    height: number,
    width: number,
    channels: number,
    outHeight: number,
    outWidth: number,
    outChannels: number,
    gradient: number,
    top: number,
    left: number,
    side: number,
    group: number,
    scratch: number,
  ): void;
}

/** exact_zeros.ts */
export interface ExactZeroExports {
  clearUnreached(
    dy: number,
    count: number,
    outHeight: number,
    outWidth: number,
    outChannels: number,
    dx: number,
    height: number,
    width: number,
    channels: number,
    rows: number,
    columns: number,
    top: number,
    left: number,
    reached: number,
  ): void;
}
