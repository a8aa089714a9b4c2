/** collect: result and report of what a results folder holds by now. @module */

import { resolve } from "node:path";
import { plainText } from "../../report/plain_text.ts";
import { defineCommand } from "../command.ts";
import { path } from "../kinds.ts";
import { argument, fields } from "../options.ts";
import { shellWords } from "../shell_words.ts";
import { shortPath } from "../short_path.ts";

export const collect = defineCommand({
  name: "collect",
  summary: "Derive result.json and the report from the journals of a results folder",
  description:
    "Where runs are unfinished the report says so. bench does the same at its end; this is for a suite that is still at " +
    "work, or that was killed.",
  examples: [{ command: "collect results/mnist", says: "a report of what is there by now" }],
  parser: fields({ folder: argument(path("DIR"), "A results folder") }),
  permissions({ folder }, { project, workingFolder }) {
    const out = resolve(workingFolder, folder);
    return { read: [project, out], write: [out] };
  },
  async run({ folder }, io) {
    const { writeResult } = await import("../../bench/write_result.ts");
    const { isDone } = await import("../../bench/result.ts");
    const { writeReport } = await import("../../report/write_report.ts");
    const out = resolve(io.place.workingFolder, folder);
    const result = await writeResult(out), missing = result.runs.filter((run) => !isDone(run)).length;
    for (const path of await writeReport(result, out)) io.out.write(`${plainText(shortPath(path, io))}\n`);
    if (missing > 0) {
      const again = shellWords(["deno", "task", "bench", "--resume", shortPath(out, io)]);
      io.out.write(
        `${missing} of ${result.runs.length} runs are not done; "${again}" goes on with them, or submits them with --executor slurm\n`,
      );
    }
    return 0;
  },
});
