/** cost: seconds per optimizer step. @module */

import type { CostReport } from "../../bench/measure_cost.ts";
import { formatCount, formatSeconds } from "../../report/format.ts";
import { defineCommand } from "../command.ts";
import { engineOption, readEngine } from "../engine_option.ts";
import type { Output } from "../io.ts";
import { integer, number, setting, text } from "../kinds.ts";
import { named } from "../named.ts";
import { fields, flag, optionalValue, requiredValue, value, values } from "../options.ts";
import { hardwareFacts } from "../permissions.ts";

export const cost = defineCommand({
  name: "cost",
  summary: "Measure the seconds of one optimizer step",
  description: "Times whole steps on made-up images, after one that is not counted; loading is left out.",
  examples: [
    { command: "cost --method yopo-5-3", says: "the default network and batch" },
    { command: "cost --method pgd-40 --batch 256 --steps 5 --json", says: "one JSON line" },
  ],
  parser: fields({
    method: requiredValue("--method", text("METHOD"), "Training method, such as yopo-5-3; list methods names them"),
    option: values("--option", setting(), "An option of the method"),
    model: value("--model", text("MODEL"), "Network; list models names them", "small-cnn"),
    modelOption: values("--model-option", setting(), "An option of the network"),
    eps: value("--eps", number({ above: 0, max: 1 }), "L∞ radius in pixel values of 0..1", 0.3),
    stepSize: optionalValue("--step-size", number({ above: 0 }), "Step size of the method's attack"),
    batch: value("--batch", integer({ min: 1, max: 65536 }), "Images of one step", 128),
    steps: value("--steps", integer({ min: 1, max: 100000 }), "Timed steps", 5),
    engine: engineOption,
    json: flag("--json", "Print one JSON line"),
  }),
  permissions: (_options, { project }) => ({ read: [project], sys: hardwareFacts }),
  async run({ json, batch, steps, stepSize, ...options }, io) {
    const { measureCost } = await import("../../bench/measure_cost.ts");
    const step = stepSize === undefined ? [] : [{ name: "stepSize", value: stepSize }];
    const report = await measureCost({
      model: named(options.model, options.modelOption, "--model-option"),
      method: named(options.method, [...step, ...options.option], "--step-size and --option"),
      threat: { norm: "linf", epsilon: options.eps },
      batch,
      steps,
      engine: await readEngine(options.engine),
    });
    if (json) io.out.write(`${JSON.stringify(report)}\n`);
    else print(report, io.out);
    return 0;
  },
});

function print({ secondsPerStep, passes, ...report }: CostReport, out: Output): void {
  const { median, min, max } = secondsPerStep;
  out.write(`${report.methodLabel} on ${report.model}, batch ${report.batch}, engine ${report.engine?.name}\n`);
  out.write(
    `${formatSeconds(median)} a step (${formatSeconds(min)} to ${formatSeconds(max)} in ${report.steps} steps)\n`,
  );
  const firstLayer = passes.firstLayerAdversary + passes.firstLayerWeights;
  const counts = [[passes.full, "full"], [passes.forward, "forward"], [firstLayer, "first-layer"]] as const;
  const named = counts.filter(([count]) => count > 0).map(([count, name]) => `${formatCount(count)} ${name}`);
  out.write(`${named.join(", ")} passes a step\n`);
}
