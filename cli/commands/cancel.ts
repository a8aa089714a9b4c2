/** cancel: stops the work on a results folder, in Slurm's queue and in other terminals. @module */

import { resolve } from "node:path";
import { cancelPrograms } from "../../bench/slurm/slurm_commands.ts";
import { complain } from "../complain.ts";
import { defineCommand } from "../command.ts";
import { path } from "../kinds.ts";
import { argument, fields, flag } from "../options.ts";
import { ownerFacts } from "../permissions.ts";

export const cancel = defineCommand({
  name: "cancel",
  summary: "Stop the work on a results folder, in Slurm's queue and in other terminals",
  description:
    "Tasks that wait in the queue never start; programs at work keep a checkpoint and leave within seconds, wherever they " +
    "run. bench --resume DIR goes on later.",
  examples: [{ command: "cancel results/table1", says: "Slurm's tasks, or the program in another terminal" }],
  parser: fields({
    folder: argument(path("DIR"), "A results folder"),
    json: flag("--json", "Print one JSON document instead of a line"),
  }),
  permissions({ folder }, { project, workingFolder }) {
    const out = resolve(workingFolder, folder);
    return { read: [project, out], write: [out], sys: ownerFacts, run: cancelPrograms };
  },
  async run({ folder, json }, io) {
    const { requestCancel } = await import("../../bench/cancel_request.ts");
    const { findHolders } = await import("../../bench/find_holders.ts");
    const { cancelSubmitted } = await import("../../bench/slurm/cancel_submitted.ts");
    const out = resolve(io.place.workingFolder, folder);
    const atWork = (await findHolders(out)).size;
    await requestCancel(out);
    const { jobs, problem } = await cancelSubmitted(out);
    if (json) io.out.write(`${JSON.stringify({ atWork, jobs, problem })}\n`);
    else {
      const programs = `asked ${atWork} ${atWork === 1 ? "program" : "programs"} at work to leave`;
      const queue = jobs.length === 0 ? "" : `, cancelled job ${jobs.join(", ")}`;
      io.out.write(atWork + jobs.length === 0 ? "nobody was at work\n" : `${programs}${queue}\n`);
    }
    if (problem === null) return 0;
    complain(io.err, `Cannot cancel what waits in the queue: ${problem}`);
    return 1;
  },
});
