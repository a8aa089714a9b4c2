/** yopo-step-mnist: YOPO-m-n optimizer steps from recorded starts, in each variant that the manifest lists. Tensors of
 *  a variant are named "paper/step1/…"; what no variant changes is named "step1/…" and checked in each. @module */

import * as tf from "@tensorflow/tfjs";
import { z } from "zod";
import type { Engine } from "../backends/engine.ts";
import { toTensors } from "../models/weights.ts";
import type { Model } from "../models/model.ts";
import { random } from "../random/random.ts";
import type { StepContext, TrainingMethod } from "../training/method.ts";
import { createOptimizer, type Optimizer } from "../training/optimizer.ts";
import { findMethod } from "../training/registry.ts";
import type { CaseInput, Computed, ParityCase, Replayed } from "./case.ts";
import { parseHyper } from "./manifest.ts";
import { fixtureName, smallCnn, smallCnnWeights } from "./small_cnn_weights.ts";
import { computed, images, labels } from "./tensors.ts";
import { FORWARD, GRADIENT, PARAMETER, type Tolerance, YOPO_PIXELS } from "./tolerances.ts";
