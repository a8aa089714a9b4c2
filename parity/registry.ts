/** The kinds of case that can be replayed. A new kind is one file and one line here. @module */

import type { ParityCase } from "./case.ts";
import { smallcnnAttacks } from "./smallcnn_attacks.ts";
import { smallcnnForward } from "./smallcnn_forward.ts";
import { smallcnnTrained, smallcnnWeights } from "./smallcnn_weights.ts";
import { smallcnnWeightsPytorch } from "./smallcnn_weights_pytorch.ts";
import { yopoStepMnist } from "./yopo_step_mnist.ts";

/** All kinds, sorted by name. */
export const parityCases: readonly ParityCase[] = [
  smallcnnAttacks,
  smallcnnForward,
  smallcnnTrained,
  smallcnnWeights,
  smallcnnWeightsPytorch,
  yopoStepMnist,
];
