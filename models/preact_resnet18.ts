/** PreActResNet-18 for 32x32 images: He et al. 2016, arXiv:1603.05027, as in YOPO's public code: 4 stages of 2 blocks, widths
 *  64, 128, 256, 512, strides 1, 2, 2, 2; 11,171,146 parameters. Option `finalActivation` adds the BN and ReLU before the mean
 *  that locuslab's variant (fast_adversarial, robust_overfitting) has and YOPO's has not. @module */

import { imageOptions } from "./image_options.ts";
import { checkNormalize, normalizeOption } from "./input_normalization.ts";
import type { Model, ModelDefinition } from "./model.ts";
import { flag, number, type OptionValues, resolveOptions } from "./options.ts";
import { residualBlocks } from "./residual.ts";
import { residualNetwork } from "./residual_network.ts";

const NAME = "preact-resnet18";

const options = {
  ...imageOptions({ height: 32, width: 32, channels: 3, classes: 10 }),
  baseWidth: number({
    doc: "Channels of the first stage; the others have 2, 4 and 8 times as many",
    min: 1,
    max: 1024,
    integer: true,
    default: 64,
  }),
  finalActivation: flag(false, "Batch normalisation and ReLU after the last block, as in locuslab's variant"),
  normalize: normalizeOption,
};

function create(given: OptionValues = {}): Model {
  const resolved = resolveOptions(options, given, `model "${NAME}"`);
  const { height, width, channels, classes, baseWidth, finalActivation, normalize } = resolved;
  checkNormalize(normalize, channels, NAME);
  const stages = [1, 2, 4, 8].map((factor, i) => {
    return { name: `stage${i + 1}`, width: factor * baseWidth, stride: i === 0 ? 1 : 2 };
  });
  return residualNetwork({
    name: NAME,
    options: resolved,
    input: [height, width, channels],
    classes,
    blocks: residualBlocks(stages, 2, baseWidth),
    finalActivation,
    normalize,
  });
}

/** YOPO's small CIFAR-10 network. */
export const preactResnet18: ModelDefinition = {
  name: NAME,
  summary: "YOPO's smaller CIFAR-10 network: 8 residual blocks, 11,171,146 parameters",
  options,
  create,
};
