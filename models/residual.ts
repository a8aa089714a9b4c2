/** Pre-activation residual blocks: He et al. 2016, arXiv:1603.05027; Zagoruyko and Komodakis 2016, arXiv:1605.07146.
 *
 *  A block: a = relu(bn1(v)); v ← conv2(relu(bn2(conv1(a)))) + shortcut; 3x3 convolutions without bias, padding 1, the stride
 *  on conv1. Where width or stride changes, the shortcut is a 1x1 convolution of a with the block's stride, else v. @module */

import * as tf from "@tensorflow/tfjs";
import { convolutionLayer, convolutionParameters, LINEAR_SAME, type ParameterDefinition } from "./layers.ts";
import type { ForwardContext, Parameters } from "./model.ts";
import { normalizationBuffers, normalizationLayer, normalizationParameters } from "./normalization.ts";

const NO_PADDING = { top: 0, bottom: 0, left: 0, right: 0 };

/** One block's place and shape. */
export interface ResidualBlock {
  /** Prefix of its parameters: "stage1.block0". */
  readonly name: string;
  readonly input: number;
  readonly output: number;
  readonly stride: number;
}

/** Groups of `depth` blocks; the first block of each changes the width and takes the stride. */
export function residualBlocks(
  groups: readonly { readonly name: string; readonly width: number; readonly stride: number }[],
  depth: number,
  input: number,
): ResidualBlock[] {
  let before = input;
  return groups.flatMap(({ name, width, stride }) =>
    Array.from({ length: depth }, (_, i) => {
      const block = { name: `${name}.block${i}`, input: before, output: width, stride: i === 0 ? stride : 1 };
      before = width;
      return block;
    })
  );
}

function hasShortcut({ input, output, stride }: ResidualBlock): boolean {
  return input !== output || stride !== 1;
}

export function blockParameters(block: ResidualBlock): ParameterDefinition[] {
  const { name, input, output } = block;
  return [
    ...normalizationParameters(`${name}.bn1`, input),
    ...convolutionParameters(`${name}.conv1`, 3, input, output, { bias: false }),
    ...normalizationParameters(`${name}.bn2`, output),
    ...convolutionParameters(`${name}.conv2`, 3, output, output, { bias: false }),
    ...(hasShortcut(block) ? convolutionParameters(`${name}.shortcut`, 1, input, output, { bias: false }) : []),
  ];
}

export function blockBuffers({ name, input, output }: ResidualBlock): ParameterDefinition[] {
  return [...normalizationBuffers(`${name}.bn1`, input), ...normalizationBuffers(`${name}.bn2`, output)];
}

/** The block's output `[batch, height/stride, width/stride, output]`. */
export function residualBlock(
  parameters: Parameters,
  block: ResidualBlock,
  v: tf.Tensor4D,
  context: ForwardContext,
): tf.Tensor4D {
  const { name, stride } = block;
  const relu = { context, activation: "relu" } as const;
  const a = normalizationLayer(parameters, `${name}.bn1`, v, relu);
  const shortcut = hasShortcut(block)
    ? convolutionLayer(parameters, `${name}.shortcut`, a, { ...LINEAR_SAME, padding: NO_PADDING, stride, context })
    : v;
  const conv1 = convolutionLayer(parameters, `${name}.conv1`, a, { ...LINEAR_SAME, stride, context });
  const b = normalizationLayer(parameters, `${name}.bn2`, conv1, relu);
  return tf.add(convolutionLayer(parameters, `${name}.conv2`, b, { ...LINEAR_SAME, context }), shortcut);
}
