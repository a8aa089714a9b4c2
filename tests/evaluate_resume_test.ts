/** Evaluations that are killed or stopped: real processes, real signals. @module */

import assert from "node:assert/strict";
import { join } from "node:path";
import { decodeChunk } from "../bench/outcome_store.ts";
import { projectFolder } from "../cli/place.ts";
import { ended, launch, launcherWords } from "./helpers/launch.ts";

/** A process that has not ended by then hangs. */
const PATIENCE_MILLISECONDS = 120_000;

const TRAIN = "train --method natural --epochs 0.2 --batch 64 --engine wasm --out trained --quiet " +
  "--evaluate-count 8 --final-count 8 --attack fgsm";

const EVALUATE = "evaluate weights.safetensors --engine wasm --limit 24 --batch 4";

/** A second or two, in some thirty batches. */
const ATTACKS = "--eps 0.3 --attack pgd-5,square:queries=40,autoattack-custom:attacks=apgd-ce+square";

/** A batch that would take hours. */
const ENDLESS = "--eps 0.01 --attack square:queries=1000000";

let weights: Promise<Uint8Array> | undefined;

/** SmallCNN, trained for seconds: attacks find some of its images and not others. */
async function train(): Promise<Uint8Array> {
  return await inFolder(async (folder) => {
    const { code, err } = await ended(launch(TRAIN.split(" "), { cwd: folder }));
    assert.equal(code, 0, err);
    const [run] = await Array.fromAsync(Deno.readDir(join(folder, "trained/runs")));
    return await Deno.readFile(join(folder, "trained/runs", run!.name, "weights/last.safetensors"));
  });
}

async function inFolder<T>(body: (folder: string) => Promise<T>): Promise<T> {
  const folder = await Deno.makeTempDir({ prefix: "yopo-bench-" });
  try {
    return await body(folder);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

async function withWeights(body: (folder: string) => Promise<void>): Promise<void> {
  weights ??= train();
  const bytes = await weights;
  await inFolder(async (folder) => {
    await Deno.writeFile(join(folder, "weights.safetensors"), bytes);
    await body(folder);
  });
}

/** The program without its launcher, so that a kill meets what computes. */
function startProgram(line: string, cwd: string): Deno.ChildProcess {
  return new Deno.Command(Deno.execPath(), {
    args: ["run", "--quiet", "--allow-all", join(projectFolder, "cli/main.ts"), ...line.split(" ")],
    cwd,
    env: { YOPO_BENCH_CACHE: cwd },
    stdin: "null",
    stdout: "piped",
    stderr: "piped",
  }).spawn();
}

/** Sends the signal once there are so many batches, and again where that does not help. @returns How the process ended. */
async function stopAfter(batches: number, out: string, child: Deno.ChildProcess, signal: Deno.Signal) {
  // Not SIGKILL: it would end the launcher alone, and what computes would go on for hours.
  const patience = setTimeout(() => child.kill(signal), PATIENCE_MILLISECONDS);
  const output = child.output();
  let isRunning = true;
  child.status.then(() => isRunning = false);
  while (isRunning && (await batchFiles(out)).length < batches) await delay(10);
  if (isRunning) child.kill(signal);
  const { code, signal: endedBy, stderr } = await output;
  clearTimeout(patience);
  return { code, endedBy, err: new TextDecoder().decode(stderr) };
}

/** Names of the batches kept so far. */
async function batchFiles(out: string): Promise<string[]> {
  try {
    const files = await Array.fromAsync(Deno.readDir(join(out, "progress")));
    return files.map(({ name }) => name).filter((name) => name.endsWith(".safetensors"));
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return [];
    throw error;
  }
}

/** How many batches there are, each of them whole. */
async function wholeBatches(out: string): Promise<number> {
  const names = await batchFiles(out);
  for (const name of names) decodeChunk(await Deno.readFile(join(out, "progress", name)), name);
  return names.length;
}

/** What two runs of one evaluation may differ in; a checkout can get a commit between them. */
const OWN_TO_A_RUN = ["seconds", "created", "contentSha256", "commit"];

/** A record without what is a run's own. */
async function untimed(out: string): Promise<unknown> {
  const text = await Deno.readTextFile(join(out, "evaluation.json"));
  return JSON.parse(text, (key, value) => OWN_TO_A_RUN.includes(key) ? undefined : value);
}

function delay(milliseconds: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, milliseconds));
}

Deno.test("evaluate goes on after kills and Ctrl-C, and comes to the record of an uninterrupted run", () =>
  withWeights(async (folder) => {
    const whole = await ended(launch(`${EVALUATE} ${ATTACKS} --out whole`.split(" "), { cwd: folder }));
    assert.equal(whole.code, 0, whole.err);

    const line = `${EVALUATE} ${ATTACKS} --out stopped`, out = join(folder, "stopped");
    let kept = 0;
    for (const _ of ["first", "second", "third"]) {
      const { endedBy, err } = await stopAfter(kept + 2, out, startProgram(line, folder), "SIGKILL");
      assert.equal(endedBy, "SIGKILL", err);
      const before = kept;
      kept = await wholeBatches(out);
      assert.ok(kept >= before + 2, "each attempt adds to what the earlier ones left");
    }

    const { code, err } = await stopAfter(kept + 2, out, launch(line.split(" "), { cwd: folder }), "SIGINT");
    const after = await wholeBatches(out);
    assert.deepEqual([code, err.split("\n")], [130, [
      `Going on with ${kept} batches of an earlier attempt`,
      `yopo-bench: Stopped; the same command goes on from ${after} batches in stopped`,
      "",
    ]]);
    assert.ok(after >= kept + 2);

    const resumed = await ended(launch(line.split(" "), { cwd: folder }));
    assert.deepEqual([resumed.code, resumed.err], [0, `Going on with ${after} batches of an earlier attempt\n`]);
    assert.deepEqual(await untimed(out), await untimed(join(folder, "whole")));
    assert.ok((await Deno.stat(join(out, "report.md"))).isFile);
    assert.deepEqual(await batchFiles(out), []);
  }));

Deno.test("SIGTERM ends evaluate in the middle of a batch", () =>
  withWeights(async (folder) => {
    const line = `${EVALUATE} ${ENDLESS} --out stopped`, out = join(folder, "stopped");
    // Without attack there are six batches; the seventh is the endless one.
    const { code, err } = await stopAfter(6, out, launch(line.split(" "), { cwd: folder }), "SIGTERM");
    assert.deepEqual([code, err], [130, "yopo-bench: Stopped; the same command goes on from 6 batches in stopped\n"]);
    assert.equal(await wholeBatches(out), 6);
  }));

/** Runs its arguments on a pseudo-terminal, presses Ctrl-C once there is progress, copies what they print and ends like
 *  them. */
const ctrlC = `
import os, pty, sys
child, terminal = pty.fork()
if child == 0:
    os.execv(sys.argv[1], sys.argv[1:])
screen, pressed = b"", False
while True:
    try:
        data = os.read(terminal, 65536)
    except OSError:
        break
    if not data:
        break
    screen += data
    if not pressed and b"/24 images" in screen:
        pressed = True
        os.write(terminal, b"\\x03")
os.write(1, screen)
sys.exit(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]))
`;

/** Whether there is a python3 with pseudo-terminals that this process may run. */
function hasPython(): boolean {
  if (Deno.build.os === "windows") return false;
  try {
    return new Deno.Command("python3", { args: ["-c", "import pty"], stderr: "null" }).outputSync().success;
  } catch (error) {
    if (error instanceof Deno.errors.NotFound || error instanceof Deno.errors.NotCapable) return false;
    throw error;
  }
}

Deno.test({
  name: "Ctrl-C on a terminal wipes evaluate's progress and says that nothing was kept (needs python3)",
  ignore: !hasPython(),
  fn: () =>
    withWeights(async (folder) => {
      const words = launcherWords(`${EVALUATE} ${ENDLESS}`.split(" "));
      const { code, stdout } = await new Deno.Command("python3", {
        args: ["-c", ctrlC, ...words],
        cwd: folder,
        env: { NO_COLOR: "1" },
        signal: AbortSignal.timeout(PATIENCE_MILLISECONDS),
      }).output();
      const screen = new TextDecoder().decode(stdout);
      assert.equal(code, 130, screen);
      const text = "yopo-bench: Stopped; nothing was kept: with --out DIR the same command goes on after a stop";
      assert.equal(screen.slice(screen.lastIndexOf("\x1b[J")), `\x1b[J${text}\r\n`);
      assert.deepEqual((await Array.fromAsync(Deno.readDir(folder))).map(({ name }) => name), ["weights.safetensors"]);
    }),
});
