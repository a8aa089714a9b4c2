/** train: one run from options, as a suite of one. @module */

import { join, resolve } from "node:path";
import { defineCommand } from "../command.ts";
import { readEngineRequest } from "../engine_options.ts";
import { hardwareFacts, ownerFacts } from "../permissions.ts";
import { shellWords } from "../shell_words.ts";
import { runSession } from "../suite_session.ts";
import { type TrainOptions, trainParser } from "../train_options.ts";
import { checkTrainOptions, runLabel, trainSuite } from "../train_suite.ts";

export const train = defineCommand<TrainOptions>({
  name: "train",
  summary: "Train one network from options",
  description:
    "Written and reported like a suite of one run; the same options again continue the results folder. Whatever is given beside --preset overrides it; options of the optimizer hold for the first layer's own one, too.",
  examples: [
    { command: "train --method yopo-5-3 --eps 0.2 --epochs 5", says: "YOPO on the embedded MNIST" },
    { command: "train --method pgd-7 --optimizer sgd --lr 0.05 --schedule cyclic", says: "another optimizer" },
    { command: "train --preset mnist-yopo-5-10 --epochs 2", says: "a published recipe, cut short" },
    { command: "train --method natural --data mnist --epochs 2 --json", says: "full MNIST, for a program" },
  ],
  parser: trainParser,
  check: checkTrainOptions,
  permissions({ out, ...engine }, { project, cache, workingFolder }) {
    const folder = resolve(workingFolder, out ?? "results");
    return { read: [project, cache, folder], write: [folder], sys: [...hardwareFacts, ...ownerFacts], engine };
  },
  async run(options, io, words) {
    const engine = await readEngineRequest(options);
    const suite = await trainSuite(options);
    const folder = options.out ?? join("results", `${runLabel(options)}-seed${options.seed}`);
    const out = resolve(io.place.workingFolder, folder);
    const command = shellWords(["deno", "task", "yopo-bench", "train", ...words]);
    const { json, quiet, checkpointEvery: checkpointSeconds } = options;
    return await runSession({ suite, out, engine, force: false, command, json, quiet, checkpointSeconds }, io);
  },
});
