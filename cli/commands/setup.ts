/** setup native: fetches TensorFlow and builds what the tensorflow engine loads. @module */

import { resolve } from "node:path";
import { nativeFolder } from "../../backends/tensorflow/place.ts";
import { endPrograms, programs } from "../../backends/tensorflow/setup/tools.ts";
import { upstreamPrograms } from "../../backends/tensorflow/setup/upstream.ts";
import { UsageError } from "../../bench/usage_error.ts";
import { explainFileError } from "../../data/data_file_error.ts";
import { plainText } from "../../report/plain_text.ts";
import { defineCommand } from "../command.ts";
import { oneOf, path } from "../kinds.ts";
import { complain } from "../complain.ts";
import { fields, flag, optionalValue, value } from "../options.ts";
import { hardwareFacts } from "../permissions.ts";
import { tolerant } from "../tolerant.ts";

export const setupNative = defineCommand({
  name: "setup native",
  summary: "Fetch TensorFlow and build the native engine",
  description:
    "Needs python3 with pip, a C++ compiler, 1.8 GB of disk and a minute. Everything goes into one folder, which it\n" +
    "names; deleting the folder undoes it. What is there already is not fetched or built again.",
  examples: [
    { command: "setup native", says: "TensorFlow for the processor, from PyPI" },
    { command: "setup native --tensorflow ~/venv/lib/python3.12/site-packages", says: "one that is installed already" },
    { command: "setup native --gpu", says: "with CUDA, for an NVIDIA GPU" },
  ],
  parser: fields({
    gpu: flag("--gpu", "Take the build for NVIDIA GPUs, about 6 GB"),
    tensorflow: optionalValue("--tensorflow", path("DIR"), "A site-packages folder that holds TensorFlow 2.21"),
    from: value(
      "--from",
      oneOf("pypi", "upstream"),
      "Where to fetch from; upstream is the npm package's own installer, with an older TensorFlow",
      "pypi",
    ),
    quiet: flag("--quiet", "Print errors only"),
  }),
  check({ gpu, tensorflow, from }) {
    if (from === "upstream" && (gpu || tensorflow !== undefined)) {
      throw new UsageError(
        "Cannot use --from upstream with --gpu or --tensorflow: it fetches one build; leave them out",
      );
    }
  },
  permissions: ({ tensorflow, from }, { project, cache, workingFolder }) => ({
    read: [project, nativeFolder(cache), ...(tensorflow === undefined ? [] : [resolve(workingFolder, tensorflow)])],
    write: [nativeFolder(cache)],
    sys: [...hardwareFacts, "statfs"],
    run: from === "upstream" ? [...programs, ...upstreamPrograms] : programs,
    engine: { engine: "tensorflow", precision: "f32" },
  }),
  async run({ gpu, tensorflow, from, quiet }, io) {
    const { setupNative } = await import("../../backends/tensorflow/setup/setup_native.ts");
    const err = tolerant(io.err);
    const say = (line: string): void => quiet ? undefined : err.write(`${plainText(line)}\n`);
    const signal = io.interruptible();
    endPrograms(signal);
    const { cache, workingFolder } = io.place;
    let done;
    try {
      const folder = tensorflow === undefined ? null : resolve(workingFolder, tensorflow);
      done = await setupNative({ cache, gpu, tensorflow: folder, from }, say);
    } catch (error) {
      if (!signal.aborted) throw isSystemError(error) ? explain(error, nativeFolder(cache)) : error;
      complain(io.err, "Stopped; run setup native again to go on");
      return 130;
    }
    if (quiet) return 0;
    const device = done.usesGpu ? "on the GPU" : "on the CPU";
    const lines = [
      `TensorFlow ${done.tensorflowVersion} runs ${device} at ${done.precision}; its gradients equal the cpu engine's`,
      `to ${done.error.toExponential(0)}`,
    ];
    io.out.write(`${lines.join(" ")}\n`);
    io.out.write(`${plainText(done.folder)} holds ${formatSize(done.bytes)}; delete it to undo the setup\n`);
    return 0;
  },
});

/** What the setup does not explain itself concerns its own folder. */
function explain(error: Error, path: string): Error {
  if (error instanceof Deno.errors.NotFound) {
    const text = `Cannot finish in "${path}": a file in it has gone, perhaps another setup is at work; run it again`;
    return new Error(text, { cause: error });
  }
  const { message } = explainFileError(error, { action: "write", path });
  return new Error(`${message}; YOPO_BENCH_CACHE names the folder that it lies in`, { cause: error });
}

function isSystemError(error: unknown): error is Error {
  return error instanceof Error && "code" in error && /^E[A-Z]+$/.test(String(error.code));
}

function formatSize(bytes: number): string {
  return bytes < 1e8 ? `${(bytes / 1e6).toFixed(1)} MB` : `${(bytes / 1e9).toFixed(1)} GB`;
}
