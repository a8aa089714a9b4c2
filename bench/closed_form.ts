/** Whether a run's inner loop was computed in closed form. @module */

import * as tf from "@tensorflow/tfjs";
import { hasClosedForm } from "../backends/engine.ts";
import type { Trainer } from "./trainer.ts";

/** Its first-layer passes are counted all the same, as what the closed form replaces. */
export function loopsInClosedForm({ model, method, parameters, record }: Trainer): boolean {
  const { update = "sign" } = method.resolved; // trades-yopo knows no other
  return record.passes.firstLayerAdversary > 0 && (update === "sign" || update === "gradient") &&
    tf.tidy(() => hasClosedForm({ firstLayer: model.describeFirstLayer(parameters), update }));
}
