/** bench: runs a suite and writes its report. @module */

import { dirname, join, resolve } from "node:path";
import { submitPrograms } from "../../bench/slurm/slurm_commands.ts";
import type { Suite } from "../../bench/suite.ts";
import { UsageError } from "../../bench/usage_error.ts";
import { checkpointOption } from "../checkpoint_option.ts";
import { defineCommand } from "../command.ts";
import { confirmStart } from "../confirm_start.ts";
import { engineOptions, engineWords, readEngineRequest } from "../engine_options.ts";
import type { Io } from "../io.ts";
import { integer, listOf, number, path, text } from "../kinds.ts";
import { fields, flag, optionalArgument, optionalValue, value, values } from "../options.ts";
import { hardwareFacts, ownerFacts } from "../permissions.ts";
import type { Place } from "../place.ts";
import { shellWords } from "../shell_words.ts";
import { checkSlurmOptions, readResources, slurmOptions } from "../slurm_options.ts";
import { submitSession } from "../submit_session.ts";
import { runSession, type Session } from "../suite_session.ts";

const DEFAULT_SUITE = "quick";

const parser = fields({
  suite: optionalArgument(
    text("SUITE", "the name of a suite or the path of a suite file"),
    `A suite that list suites names, or a suite file (default: ${DEFAULT_SUITE})`,
  ),
  out: optionalValue("--out", path("DIR"), "Results folder (default: results/SUITE)"),
  resume: optionalValue("--resume", path("DIR"), "Go on with the suite stored in a results folder"),
  run: optionalValue(
    "--run",
    text("RUN", "the name of a run's folder up to its engine, for example yopo-3-5-s0-1a2b3c4d"),
    "With --resume: this run alone, while other programs may be at work on others; collect writes the report",
  ),
  ...engineOptions,
  ...checkpointOption,
  ...slurmOptions,
  seeds: optionalValue("--seeds", listOf(integer({ min: 0, max: 0xffffffff })), "Seeds instead of the suite's"),
  set: values("--set", text("KEY=VALUE", "KEY=VALUE, for example runs.*.epochs=2"), "Change one key of the suite"),
  scale: value(
    "--scale",
    number({ above: 0, max: 1000 }),
    "Factor on every run's epochs and milestones, rounded up to whole epochs",
    1,
  ),
  dataScale: value("--data-scale", number({ above: 0, max: 1 }), "Part of the training images to use", 1),
  yes: flag("--yes", "Start a suite of the paper at full scale without asking"),
  json: flag("--json", "Print result.json instead of the table"),
  quiet: flag("--quiet", "Print errors and the report's path only"),
  force: flag("--force", "Move results of another suite aside"),
});

type Options = NonNullable<(typeof parser)["$valueType"][number]>;

export const bench = defineCommand<Options>({
  name: "bench",
  summary: "Run a suite and write its report",
  description:
    "The same suite again continues its results folder; where all runs are complete, only the report is written again. A suite of the paper's tables and figures first says how long it will take here, and at full scale asks. --set changes the suite before --scale and --data-scale do.",
  examples: [
    { command: "bench", says: `the suite ${DEFAULT_SUITE}` },
    { command: "bench quick --seeds 0,1,2 --out results/three", says: "three seeds of it" },
    { command: "bench quick --set runs.*.epochs=1", says: "a shorter one" },
    { command: "bench table1 --scale 0.05 --data-scale 0.2", says: "a part of the paper's first table" },
    { command: "bench my-suite.json --json > result.json", says: "an own suite, for a program" },
    { command: "bench --resume results/quick", says: "go on after Ctrl-C" },
    {
      command: "bench --resume results/quick --run pgd-7-s0-1a2b3c4d",
      says: "one run of it, as a cluster's task does",
    },
  ],
  parser,
  check({ resume, run, suite, out, seeds, set, scale, dataScale, force, ...options }) {
    checkSlurmOptions(options);
    if (run !== undefined && options.executor === "slurm") {
      throw new UsageError("Cannot use --run with --executor slurm: a suite is submitted as a whole");
    }
    if (run !== undefined && resume === undefined) {
      throw new UsageError(`Cannot use --run without --resume: name the results folder that holds the run`);
    }
    const given = { SUITE: suite !== undefined, "--out": out !== undefined, "--seeds": seeds !== undefined };
    const scaled = { "--scale": scale !== 1, "--data-scale": dataScale !== 1 };
    const names = { ...given, "--set": set.length > 0, ...scaled, "--force": force };
    const other = Object.entries(names).find(([, isGiven]) => isGiven)?.[0];
    if (resume !== undefined && other !== undefined) {
      throw new UsageError(
        `Cannot use --resume with ${other}: the folder's own suite is continued; leave ${other} out`,
      );
    }
  },
  permissions(options, place) {
    const { suite = DEFAULT_SUITE } = options;
    const folder = writtenFolder(options, place);
    return {
      read: [place.project, place.cache, resolve(place.workingFolder, suite), folder],
      write: [folder],
      sys: [...hardwareFacts, ...ownerFacts],
      engine: options,
      ...options.executor === "slurm" ? { run: submitPrograms } : {},
    };
  },
  async run(options, io) {
    const { resume, run, yes, json, quiet, checkpointEvery: checkpointSeconds } = options;
    if (resume !== undefined && run !== undefined) {
      const { runOfSuite } = await import("../single_run.ts");
      const out = resolve(io.place.workingFolder, resume), engine = await readEngineRequest(options);
      return await runOfSuite(run, { out, engine, json, quiet, checkpointSeconds }, io);
    }
    const source = resume === undefined ? await newSession(options, io) : await storedSession(options, io);
    const session = { ...source, json, quiet, checkpointSeconds };
    if (options.executor === "slurm") {
      return await submitSession(session, readResources(options, source.suite.slurm), io);
    }
    if (resume === undefined && !(await confirmStart({ ...session, yes }, io))) return 1;
    return await runSession(session, io);
  },
});

/** Moving an old folder aside writes beside it; a suite file's name for its folder is not known before it is read. */
function writtenFolder({ out, resume, force }: Options, { workingFolder }: Place): string {
  const named = resume ?? out;
  if (named === undefined) return resolve(workingFolder, "results");
  const folder = resolve(workingFolder, named);
  return force ? dirname(folder) : folder;
}

type Source = Omit<Session, "json" | "quiet" | "checkpointSeconds">;

async function newSession(options: Options, { place }: Io): Promise<Source> {
  const { loadSuite } = await import("../../bench/load_suite.ts");
  const { scaleSuite } = await import("../../bench/scale_suite.ts");
  const { seeds, set, scale, dataScale, force, suite: nameOrFile = DEFAULT_SUITE } = options;
  const engine = await readEngineRequest(options);
  const loaded = await loadSuite(isFile(nameOrFile) ? resolve(place.workingFolder, nameOrFile) : nameOrFile, {
    set,
    ...(seeds ? { seeds } : {}),
  });
  const suite: Suite = scaleSuite(loaded, { epochs: scale, data: dataScale });
  const out = resolve(place.workingFolder, options.out ?? join("results", suite.name));
  return { suite, out, engine, force, command: commandLine(nameOrFile, options) };
}

/** Suite files are told from names as loadSuite does. */
function isFile(nameOrFile: string): boolean {
  return /[\\/]|\.json$/.test(nameOrFile);
}

async function storedSession({ resume = "", ...options }: Options, { place }: Io): Promise<Source> {
  const { readStoredSuite } = await import("../../bench/output_folder.ts");
  const out = resolve(place.workingFolder, resume);
  const stored = await readStoredSuite(out);
  const engine = await readEngineRequest(options);
  return { suite: stored.suite, out, engine, force: false, command: stored.command };
}

/** The command line that runs the suite again, without what names places or the form of the output. */
function commandLine(nameOrFile: string, { seeds, set, scale, dataScale, ...options }: Options): string {
  return shellWords([
    ...["deno", "task", "bench", nameOrFile],
    ...(seeds ? ["--seeds", seeds.join(",")] : []),
    ...set.flatMap((change) => ["--set", change]),
    ...(scale === 1 ? [] : ["--scale", String(scale)]),
    ...(dataScale === 1 ? [] : ["--data-scale", String(dataScale)]),
    ...engineWords(options),
  ]);
}
