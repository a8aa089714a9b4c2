/** WideResNet-depth-factor for 32x32 images: Zagoruyko and Komodakis 2016, arXiv:1605.07146, as in YOPO's public code without
 *  the unused `sub_block1` that its file declares: first convolution of 16 channels, 3 groups of (depth − 4)/6 blocks, widths
 *  16, 32, 64 times the factor, strides 1, 2, 2, BN and ReLU at the end; 46,160,474 parameters for 34-10. @module */

import { imageOptions } from "./image_options.ts";
import { checkNormalize, normalizeOption } from "./input_normalization.ts";
import type { Model, ModelDefinition } from "./model.ts";
import { number, type OptionValues, resolveOptions } from "./options.ts";
import { residualBlocks } from "./residual.ts";
import { residualNetwork } from "./residual_network.ts";

const NAME = "wide-resnet", FIRST_WIDTH = 16;

const options = {
  ...imageOptions({ height: 32, width: 32, channels: 3, classes: 10 }),
  depth: number({ doc: "Layers: 4 and a multiple of 6", min: 10, max: 1000, integer: true, default: 34 }),
  factor: number({ doc: "Widening factor", min: 1, max: 100, integer: true, default: 10 }),
  normalize: normalizeOption,
};

function create(given: OptionValues = {}): Model {
  const resolved = resolveOptions(options, given, `model "${NAME}"`);
  const { height, width, channels, classes, depth, factor, normalize } = resolved;
  if ((depth - 4) % 6 !== 0) {
    throw new RangeError(
      `Cannot make model "${NAME}" with depth ${depth}: it must be 4 and a multiple of 6, such as 34`,
    );
  }
  checkNormalize(normalize, channels, NAME);
  const groups = [1, 2, 4].map((times, i) => {
    return { name: `group${i + 1}`, width: FIRST_WIDTH * times * factor, stride: i === 0 ? 1 : 2 };
  });
  return residualNetwork({
    name: NAME,
    options: resolved,
    input: [height, width, channels],
    classes,
    blocks: residualBlocks(groups, (depth - 4) / 6, FIRST_WIDTH),
    finalActivation: true,
    normalize,
  });
}

/** YOPO's large CIFAR-10 network, of any depth and width. */
export const wideResnet: ModelDefinition = {
  name: NAME,
  summary: "YOPO's larger CIFAR-10 network, 34-10 unless depth and factor say otherwise: 46,160,474 parameters",
  options,
  create,
};
