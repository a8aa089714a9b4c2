// What the module exports. Every kernel works in place on tfjs's heap: pointers are byte addresses of float32 tensors.
export { addTo, fillZeros } from "./arrays";
export { constantSteps, linfStep, sign } from "./attack_steps";
export {
  centredSquares,
  fixedNormalizationGradient,
  normalizationGradient,
  normalizationSums,
  normalize,
} from "./batch_normalization";
export { convolve } from "./convolution";
export { crossEntropy, crossEntropyGradient } from "./cross_entropy";
export { fewChannelsInputGradient } from "./few_channels";
export { clearUnreached } from "./exact_zeros";
export { filterGradient } from "./filter_gradient";
export { innerLoop, innerLoopScratch } from "./inner_loop";
export { multiply, multiplyTransposed } from "./matrix_product";
export { adamStep, sgdStep } from "./optimizer_steps";
export { packPanels } from "./packing";
export { maxPoolGradient } from "./pooling";
export { reluGradient } from "./relu";
export { columnSums, sum } from "./sums";
export { winogradConvolve } from "./winograd_convolution";
export { winogradFilterGradient } from "./winograd_filter_gradient";
export { winogradInputGradient } from "./winograd_input_gradient";
export { packWinograd } from "./winograd_packing";
