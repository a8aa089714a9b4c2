/** The kinds of case that can be replayed. A new kind is one file and one line here. @module */

import { autoattackPieces } from "./autoattack_pieces.ts";
import type { ParityCase } from "./case.ts";
import { freeStep } from "./free_step.ts";
import { preact18Forward, wrn34Forward } from "./residual_forward.ts";
import { referenceAccuracies } from "./reference_accuracies.ts";
import { smallcnnAttacks } from "./smallcnn_attacks.ts";
import { smallcnnForward } from "./smallcnn_forward.ts";
import { smallcnnTrained, smallcnnWeights } from "./smallcnn_weights.ts";
import { smallcnnWeightsPytorch } from "./smallcnn_weights_pytorch.ts";
import { tradesStep } from "./trades_step.ts";
import { tradesYopoStep } from "./trades_yopo_step.ts";
import { yopoStepCifarTiny, yopoStepMnist } from "./yopo_step.ts";

/** All kinds, sorted by name. */
export const parityCases: readonly ParityCase[] = [
  autoattackPieces,
  freeStep,
  preact18Forward,
  referenceAccuracies,
  smallcnnAttacks,
  smallcnnForward,
  smallcnnTrained,
  smallcnnWeights,
  smallcnnWeightsPytorch,
  tradesStep,
  tradesYopoStep,
  wrn34Forward,
  yopoStepCifarTiny,
  yopoStepMnist,
];
