/** The cpu engine: tfjs's own backend in plain JavaScript. Slow, runs anywhere, and what the other engines are tested
 *  against. @module */

import * as tf from "@tensorflow/tfjs";
import { composedKernels } from "./composed_kernels.ts";
import { allReduceTensors } from "./all_reduce.ts";
import { registerCpuFilterGradient } from "./cpu_filter_gradient.ts";
import type { Engine, EngineDefinition, OpenOptions } from "./engine.ts";
import { soloTeam } from "./team.ts";

/** tfjs's cpu backend. */
export const cpuEngine: EngineDefinition = {
  name: "cpu",
  summary: "plain JavaScript, for checking the other engines",
  precisions: ["f32"],
  shards: 1,
  available: () => Promise.resolve({ available: true }),
  async open({ team = soloTeam(1) }: OpenOptions = {}): Promise<Engine> {
    tf.enableProdMode(); // silences the advice to install tfjs-node
    if (!await tf.setBackend("cpu")) throw new Error("Cannot start engine cpu: tfjs did not start its cpu backend");
    registerCpuFilterGradient();
    return {
      name: "cpu",
      version: `@tensorflow/tfjs-backend-cpu ${tf.version["tfjs-backend-cpu"]}`,
      kernelSet: "composed-1",
      precision: "f32",
      team,
      kernels: composedKernels(),
      allReduce: (partials) => allReduceTensors(team, partials),
      synchronize: () => Promise.resolve(),
      memory: () => ({ tensors: tf.memory().numTensors, bytes: tf.memory().numBytes }),
      settings: {},
    };
  },
};
