/** A model as attacks see it: logits in a fixed mode with fixed parameters. @module */

import * as tf from "@tensorflow/tfjs";
import type { ForwardContext, Model, Parameters } from "../models/model.ts";
import type { Classifier } from "./attack.ts";

/** The network with `parameters`, in the mode that `context` says. It owns no tensor; the parameters must outlive it. */
export function classifier(model: Model, parameters: Parameters, context: ForwardContext): Classifier {
  return {
    classes: model.classes,
    kernels: context.kernels,
    logits: (x) => tf.tidy(() => model.rest(parameters, model.firstLayer(parameters, x, context), context)),
  };
}
