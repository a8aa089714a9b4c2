/** report: all formats again from result.json. @module */

import { join, resolve } from "node:path";
import { UsageError } from "../../bench/usage_error.ts";
import { plainText } from "../../report/plain_text.ts";
import { defineCommand } from "../command.ts";
import { complain, errorText } from "../complain.ts";
import type { Io } from "../io.ts";
import { path } from "../kinds.ts";
import { argumentList, fields, flag } from "../options.ts";
import { readBytes } from "../read_file.ts";
import { shortPath } from "../short_path.ts";

export const report = defineCommand({
  name: "report",
  summary: "Write the report of a results folder again, or check it",
  description:
    "With --check nothing is written; the exit code is 1 where a file is missing, differs or cannot be read.",
  examples: [
    { command: "report results/quick", says: "after an update of the program" },
    { command: "report --check results/quick results/mnist", says: "whether the files follow from result.json" },
  ],
  parser: fields({
    folders: argumentList(path("DIR"), "Results folders, each with a result.json"),
    check: flag("--check", "Say which files do not follow from result.json, write nothing"),
  }),
  permissions({ folders, check }, { project, workingFolder }) {
    const paths = folders.map((folder) => resolve(workingFolder, folder));
    return { read: [project, ...paths], write: check ? [] : paths };
  },
  async run({ folders, check }, io) {
    let differences = 0;
    for (const folder of folders) {
      const path = resolve(io.place.workingFolder, folder);
      differences += check ? await checkOrSay(path, io) : await writeFolder(path, io);
    }
    return differences === 0 ? 0 : 1;
  },
});

async function writeFolder(folder: string, io: Io): Promise<number> {
  const { writeReport } = await import("../../report/write_report.ts");
  for (const path of await writeReport(await readFolder(folder), folder)) {
    io.out.write(`${plainText(shortPath(path, io))}\n`);
  }
  return 0;
}

/** As checkFolder; a folder that cannot be read counts as a difference, and the other folders still get their turn. */
async function checkOrSay(folder: string, io: Io): Promise<number> {
  try {
    return await checkFolder(folder, io);
  } catch (error) {
    // Not about the folder: whoever reads our output has gone.
    if (error instanceof Deno.errors.BrokenPipe) throw error;
    complain(io.err, errorText(error));
    return 1;
  }
}

/** The number of files that are missing or differ. */
async function checkFolder(folder: string, io: Io): Promise<number> {
  const { checkReport } = await import("../../report/write_report.ts");
  await readFolder(folder);
  const differences = await checkReport(folder);
  for (const line of differences) io.out.write(`${plainText(`${shortPath(folder, io)}: ${line}`)}\n`);
  if (differences.length === 0) {
    io.out.write(`${plainText(shortPath(folder, io))}: every file follows from result.json\n`);
  }
  return differences.length;
}

/** The folder's result. @throws {UsageError} When there is none, or it is damaged. */
async function readFolder(folder: string) {
  const { readResult } = await import("../../report/read_result.ts");
  const source = join(folder, "result.json");
  const text = new TextDecoder().decode(await readBytes(source, "result"));
  try {
    return readResult(text, source);
  } catch (error) {
    throw error instanceof Error ? new UsageError(error.message, { cause: error }) : error;
  }
}
