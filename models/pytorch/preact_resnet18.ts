/** PreActResNet18 of YOPO's public code, which registers every layer twice and keeps its dense layer in a module of its own,
 *  and of locuslab's fast_adversarial and robust_overfitting, with batch normalisation before the mean. @module */

import { knownSizes, namedTensors, type PublicNames } from "./names.ts";

/** "layers.1." to "layers.8." are the blocks in order, two a stage. */
function blockOf(index: string): string {
  return `layer${Math.floor((Number(index) + 1) / 2)}.${(Number(index) + 1) % 2}.`;
}

/** conv1, layer1 to layer4, bn, linear. */
export const preactResnet18Names: PublicNames = {
  model: "preact-resnet18",
  className: "PreActResNet18",
  signature: "layer1.0.conv1.weight",
  source: ({ options }) =>
    options.finalActivation
      ? "PreActResNet18 of locuslab's repositories fast_adversarial and robust_overfitting"
      : "PreActResNet18 of the YOPO repository",
  tensors: (model) =>
    namedTensors(model, (layer) => {
      if (layer === "first") return "conv1";
      if (layer === "bn1") return "bn";
      if (layer === "fc") return model.options.finalActivation ? "linear" : "linear.fc";
      return layer.replace(/^stage(\d+)\.block/, "layer$1.").replace(/shortcut$/, "shortcut.0");
    }),
  canonical: (name) =>
    name.replace(/^layers\.0\./, "conv1.")
      .replace(/^layers\.([1-8])\./, (_, index: string) => blockOf(index))
      .replace(/^layers\.9\./, "linear.")
      .replace(/^linear\.fc\./, "linear."),
  options: (shapes) => ({
    ...knownSizes({
      baseWidth: shapes.get("conv1.weight")?.shape[0],
      channels: shapes.get("conv1.weight")?.shape[1],
      classes: shapes.get("linear.weight")?.shape[0],
    }),
    finalActivation: shapes.has("bn.weight"),
  }),
};
