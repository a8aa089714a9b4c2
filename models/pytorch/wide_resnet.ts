/** WideResNet of TRADES' public code, of YOPO's, which registers every layer twice, and of locuslab's robust_overfitting.
 *  The first two also declare a `sub_block1` that no pass uses. @module */

import { knownSizes, namedTensors, type PublicNames } from "./names.ts";

const FIRST_WIDTH = 16;

/** YOPO's other_layers in order. */
const OTHERS: readonly (string | undefined)[] = ["block1", "sub_block1", "block2", "block3", "bn1", "fc"];

/** conv1, block1 to block3, bn1, fc. */
export const wideResnetNames: PublicNames = {
  model: "wide-resnet",
  className: "WideResNet",
  signature: "block1.layer.0.conv1.weight",
  source: () => "WideResNet of the TRADES and robust_overfitting repositories",
  tensors: (model) =>
    namedTensors(model, (layer) => {
      if (layer === "first") return "conv1";
      return layer.replace(/^group(\d+)\.block/, "block$1.layer.").replace(/shortcut$/, "convShortcut");
    }),
  canonical(name) {
    const first = name.replace(/^layer_one\./, "conv1.")
      .replace(/^other_layers\.([0-5])\./, (_, index: string) => `${OTHERS[Number(index)]}.`);
    return first.startsWith("sub_block1.") ? null : first;
  },
  options(shapes) {
    const blocks = new Set([...shapes.keys()].map((name) => /^block1\.layer\.(\d+)\./.exec(name)?.[1]));
    blocks.delete(undefined);
    return knownSizes({
      channels: shapes.get("conv1.weight")?.shape[1],
      classes: shapes.get("fc.weight")?.shape[0],
      depth: 4 + 6 * blocks.size,
      factor: (shapes.get("block1.layer.0.conv1.weight")?.shape[0] ?? NaN) / FIRST_WIDTH,
    });
  },
};
