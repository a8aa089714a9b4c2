/** SmallCNN of YOPO's public code, which registers every layer twice, and of TRADES'. @module */

import { knownSizes, namedTensors, type PublicNames } from "./names.ts";

/** Channels that conv4 hands to the first dense layer. */
const FEATURES = 64;

/** Side of the least image that the network pools to `side`: two halvings and four convolutions without padding. */
function imageSide(side: number): number {
  return ((side * 2 + 4) * 2) + 4;
}

/** conv1, feature_extractor, classifier. */
export const smallCnnNames: PublicNames = {
  model: "small-cnn",
  className: "SmallCNN",
  signature: "classifier.fc1.weight",
  source: () => "SmallCNN of the YOPO repository",
  tensors(model) {
    const [height, width] = model.input.map((side) => Math.floor((Math.floor((side - 4) / 2) - 4) / 2));
    return namedTensors(model, (layer) => {
      if (layer === "first") return "conv1";
      return layer.startsWith("fc") ? `classifier.${layer}` : `feature_extractor.${layer}`;
    }, { fc1: { flattened: [height!, width!, FEATURES] } });
  },
  canonical: (name) =>
    name.replace(/^layer_one\./, "")
      .replace(/^other_layers\.0\./, "feature_extractor.")
      .replace(/^other_layers\.1\./, "classifier.")
      .replace(/^feature_extractor\.conv1\./, "conv1."),
  options(shapes) {
    const side = Math.sqrt((shapes.get("classifier.fc1.weight")?.shape[1] ?? NaN) / FEATURES);
    return knownSizes({
      channels: shapes.get("conv1.weight")?.shape[1],
      classes: shapes.get("classifier.fc3.weight")?.shape[0],
      height: imageSide(side),
      width: imageSide(side),
    });
  },
};
