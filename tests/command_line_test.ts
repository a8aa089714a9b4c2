/** The program as people start it: through its launcher, in a process of its own. @module */

import assert from "node:assert/strict";
import { join } from "node:path";
import { resultSchema } from "../bench/result.ts";
import { commands } from "../cli/commands/registry.ts";
import { projectFolder } from "../cli/place.ts";
import config from "../deno.json" with { type: "json" };
import { runHere } from "./helpers/fake_io.ts";
import { ended, launch, launcherFlags } from "./helpers/launch.ts";

async function withFolder(work: (folder: string) => Promise<void>): Promise<void> {
  const folder = await Deno.realPath(await Deno.makeTempDir({ prefix: "yopo bench " }));
  try {
    await work(folder);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

/** Starts the program in an empty folder whose name holds spaces, and waits for its end. */
async function run(line: string, cwd: string, env: Readonly<Record<string, string>> = {}) {
  return await ended(launch(line.split(" "), { cwd, env }));
}

async function exists(path: string): Promise<boolean> {
  return await Deno.stat(path).then(() => true, () => false);
}

Deno.test("--help of every command shows its usage, its options and an example", async () => {
  for (const { name, examples } of commands) {
    const { code, out, err } = await runHere([...name.split(" "), "--help"], { workingFolder: "/", cache: "/" });
    assert.deepEqual([code, err], [0, ""], name);
    assert.ok(out.includes(`Usage: yopo-bench ${name} `), name);
    for (const { command } of examples) assert.ok(out.includes(`yopo-bench ${command}`), command);
  }
});

Deno.test("every example of --help is read without a mistake", async () => {
  for (const { name, examples, read } of commands) {
    for (const { command } of examples) {
      assert.ok(command === name || command.startsWith(`${name} `), `${command} is an example of ${name}`);
      const words = command.slice(name.length).split(/ > /)[0]?.split(" ").filter((word) => word !== "") ?? [];
      assert.ok(!("error" in await read(words)), command);
    }
  }
});

Deno.test("help stays within a narrow terminal", async () => {
  for (const { name } of commands) {
    const place = { workingFolder: "/", cache: "/", isTerminal: true, columns: 60 };
    const { out } = await runHere([...name.split(" "), "--help"], place);
    const options = out.split("\n").filter((line) => line.startsWith("  ") && !line.includes("yopo-bench"));
    for (const line of options) assert.ok([...line].length <= 60, line);
  }
});

Deno.test("the launcher alone answers --help, --version and wrong usage", async () => {
  await withFolder(async (folder) => {
    const help = await run("--help", folder);
    assert.deepEqual([help.code, help.err], [0, ""]);
    for (const { name } of commands) assert.match(help.out, new RegExp(`^  ${name} `, "m"));
    assert.match((await run("data get --help", folder)).out, /yopo-bench data get mnist --from/);
    assert.equal((await run("help data get", folder)).out, (await run("data get --help", folder)).out);
    assert.match((await run("data --help", folder)).out, /data list.*data check/s);
    assert.deepEqual(await run("--version", folder), { code: 0, out: `yopo-bench ${config.version}\n`, err: "" });
    const wrong = await run("bnch", folder);
    assert.deepEqual([wrong.code, wrong.out], [2, ""]);
    assert.match(wrong.err, /^yopo-bench: Cannot read command "bnch": did you mean "bench"\?.*\n$/);
  });
});

Deno.test("the launcher refuses a path with a comma, which no permission list can hold", async () => {
  await withFolder(async (folder) => {
    const { code, out, err } = await run("report a,b", folder);
    assert.deepEqual([code, out], [2, ""]);
    assert.match(err, /^yopo-bench: Cannot use path ".*a,b": Deno's permission lists cannot hold a comma.*\n$/);
  });
});

Deno.test("list, doctor and data list print JSON alone with --json", async () => {
  await withFolder(async (folder) => {
    const list = await run("list --json", folder);
    assert.deepEqual([list.code, list.err], [0, ""]);
    const kinds: Record<string, { name: string }[]> = JSON.parse(list.out);
    assert.deepEqual(Object.keys(kinds), ["suites", "presets", "methods", "models", "attacks", "data", "engines"]);
    assert.ok(kinds.suites?.some(({ name }) => name === "quick"));
    const doctor = await run("doctor --json", folder);
    assert.deepEqual([doctor.code, doctor.err], [0, ""]);
    assert.ok(JSON.parse(doctor.out).machine.cores >= 1, "the launcher gave the permission to ask the machine");
    assert.ok(JSON.parse(doctor.out).machine.osRelease !== null);
    const data = await run("data list --json", folder, { YOPO_BENCH_CACHE: "downloads" });
    assert.equal(JSON.parse(data.out).cache, join(folder, "downloads"));
  });
});

Deno.test("data get may read the archive or the folder that --from names, and nothing is kept of a bad one", async () => {
  await withFolder(async (folder) => {
    await Deno.mkdir(join(folder, "downloads"));
    await Deno.writeTextFile(join(folder, "downloads/cifar-10-binary.tar.gz"), "<html>");
    for (const from of ["downloads", "downloads/cifar-10-binary.tar.gz"]) {
      const line = `data get cifar10 --quiet --from ${from}`;
      const { code, out, err } = await run(line, folder, { YOPO_BENCH_CACHE: "cache" });
      assert.match(
        err,
        /^yopo-bench: Cannot unpack ".*cifar-10-binary.tar.gz": its gzip data is cut off or damaged,.*\n$/,
      );
      assert.deepEqual([code, out], [1, ""]);
      assert.deepEqual(await Array.fromAsync(Deno.readDir(join(folder, "cache/cifar10"))), []);
    }
  });
});

Deno.test("where no variable tells the cache folder, commands run with one below the program's results", async () => {
  await withFolder(async (folder) => {
    const { code, out } = await run("data list --json", folder, { HOME: "" });
    assert.deepEqual([code, JSON.parse(out).cache], [0, join(projectFolder, "results/.cache")]);
  });
});

Deno.test("INIT_CWD that names no folder is ignored", async () => {
  await withFolder(async (folder) => {
    await Deno.writeTextFile(join(folder, "file"), "");
    for (const INIT_CWD of ["results", join(folder, "missing"), join(folder, "file")]) {
      const { code, err } = await run("report no-such-folder", projectFolder, { INIT_CWD, HOME: folder });
      assert.equal(code, 2);
      assert.ok(err.startsWith(`yopo-bench: Cannot read result "${join(projectFolder, "no-such-folder")}`), err);
    }
  });
});

Deno.test("output through a pipe carries no colours and no cursor movements", async () => {
  await withFolder(async (folder) => {
    for (const env of [{}, { NO_COLOR: "1" }, { FORCE_COLOR: "1" }]) {
      const { code, out, err } = await run("list methods", folder, env);
      assert.equal(code, 0);
      assert.ok(!(out + err).includes("\x1b"), JSON.stringify(env));
    }
  });
});

Deno.test("a stack trace comes with --debug only", async () => {
  await withFolder(async (folder) => {
    assert.match((await run("report missing", folder)).err, /^[^\n]+\n$/);
    const { code, err } = await run("report missing --debug", folder);
    assert.equal(code, 2);
    assert.match(err, /UsageError: Cannot read result .*\n +at /);
  });
});

Deno.test("bench runs a suite, says so on stderr, prints the table and names the report", async () => {
  await withFolder(async (folder) => {
    const first = await run("bench smoke", folder);
    assert.equal(first.code, 0, first.err);
    assert.match(first.err, /^smoke: 3 runs on (wasm|tensorflow), results in results\/smoke\nEngine \1.*: .+$/m);
    assert.match(first.err, /^\[1\/3\] natural seed 0: epoch 0\.5, .* of training: clean .* %, robust .* %$/m);
    assert.match(first.err, /^\[3\/3\] yopo-3-2 seed 0 completed after /m);
    assert.match(first.out, /│ natural +│/);
    assert.match(first.out, /^Report +results\/smoke\/report.md\nPicture results\/smoke\/curves.png$/m);
    for (const name of ["report.md", "curves.png"]) assert.ok(await exists(join(folder, "results/smoke", name)), name);

    const again = await run("bench smoke --json", folder);
    assert.equal(again.code, 0);
    assert.match(again.err, /^\[1\/3\] natural seed 0 is already completed$/m);
    assert.equal(resultSchema.parse(JSON.parse(again.out)).runs.length, 3);
    assert.equal(again.out, await Deno.readTextFile(join(folder, "results/smoke/result.json")));

    const quiet = await run("bench smoke --quiet", folder);
    assert.deepEqual(quiet, { code: 0, out: "results/smoke/report.md\n", err: "" });

    const other = await run("bench smoke --seeds 1", folder);
    assert.deepEqual([other.code, other.out], [2, ""]);
    assert.match(other.err, /^yopo-bench: Cannot continue .*: it holds another suite, .* seeds.*--force.*\n$/);

    const check = await run("report --check results/smoke", folder);
    assert.deepEqual([check.code, check.err], [0, ""]);
    await Deno.writeTextFile(join(folder, "results/smoke/report.md"), "edited");
    const edited = await run("report --check results/smoke", folder);
    assert.equal(edited.code, 1);
    assert.match(edited.out, /^results\/smoke: report.md: differs from result.json/m);
    assert.equal((await run("report results/smoke", folder)).code, 0);
    assert.equal((await run("report --check results/smoke", folder)).code, 0);
  });
});

Deno.test("bench --force moves results aside and keeps them, and leaves a folder of other files where it is", async () => {
  await withFolder(async (folder) => {
    const line = (epochs: number, out: string) => `bench smoke --set runs.*.epochs=${epochs} --out ${out} --quiet`;
    assert.equal((await run(line(0.1, "out"), folder)).code, 0);
    assert.equal((await run(line(0.2, "out"), folder)).code, 2);
    assert.deepEqual(await run(`${line(0.2, "out")} --force`, folder), { code: 0, out: "out/report.md\n", err: "" });
    assert.ok(await exists(join(folder, "out.old-1/result.json")));

    await Deno.mkdir(join(folder, "mine"));
    await Deno.writeTextFile(join(folder, "mine/letter.txt"), "Dear reader");
    const refused = await run(`${line(0.1, "mine")} --force`, folder);
    assert.equal(refused.code, 2);
    assert.match(refused.err, /it is no results folder/);
    assert.ok(await exists(join(folder, "mine/letter.txt")));
  });
});

Deno.test("train, evaluate and cost work on what the options say", async () => {
  await withFolder(async (folder) => {
    const options = "--data synthetic --data-option shape=[8,8,1] --data-option classes=3 --data-option train=64";
    const trained = await run(
      `train --method yopo-2-2 --option stepSize=0.05 ${options} --model tiny-cnn --eps 0.1 --batch 32 --final-count 50 ` +
        "--evaluate-every 64 --evaluate-count 50 --attack fgsm --json",
      folder,
    );
    assert.equal(trained.code, 0, trained.err);
    const result = resultSchema.parse(JSON.parse(trained.out));
    assert.equal(result.runs[0]?.status, "completed");
    assert.match(result.suite.command, /^deno task yopo-bench train --method yopo-2-2 /);

    const runs = await Array.fromAsync(Deno.readDir(join(folder, "results/yopo-2-2-seed0/runs")));
    const weights = `results/yopo-2-2-seed0/runs/${runs[0]?.name}/weights/last.safetensors`;
    const evaluated = await run(
      `evaluate ${weights} ${options} --eps 0.1 --attack fgsm,pgd-3 --limit 50 --json`,
      folder,
    );
    assert.equal(evaluated.code, 0, evaluated.err);
    const report = JSON.parse(evaluated.out);
    assert.equal(report.weightsSha256, result.runs[0]?.weightsSha256);
    assert.equal(report.robust.length, 2);

    const cost = await run("cost --method pgd-3 --model tiny-cnn --batch 8 --steps 2 --json", folder);
    assert.deepEqual([cost.code, cost.err], [0, ""]);
    assert.match(cost.out, /^[^\n]+\n$/, "one line");
    assert.equal(JSON.parse(cost.out).passes.full, 4);
  });
});

Deno.test("SIGINT stops bench cleanly, and --resume goes on", async () => {
  await withFolder(async (folder) => {
    const line = "bench smoke --set runs.*.epochs=40 --set targets=[] --out out";
    const child = launch(line.split(" "), { cwd: folder });
    const events = join(folder, "out/runs");
    for (let waited = 0; waited < 600 && !(await hasPoint(events)); waited++) await delay(50);
    child.kill("SIGINT");
    const { code, err } = await ended(child);
    assert.equal(code, 130, err);
    assert.match(err, /^yopo-bench: Stopped; go on with "deno task bench --resume out": finished runs are kept/m);
    const statuses = resultSchema.parse(JSON.parse(await Deno.readTextFile(join(folder, "out/result.json")))).runs
      .map(({ status }) => status);
    assert.ok(statuses.includes("interrupted") || statuses.includes("planned"), statuses.join());

    const resumed = await run("bench --resume out --json", folder);
    assert.equal(resumed.code, 0, resumed.err);
    assert.ok(resultSchema.parse(JSON.parse(resumed.out)).runs.every(({ status }) => status === "completed"));
  });
});

Deno.test("the tasks of deno.json start the launcher with what it needs and no more", () => {
  const tasks: Readonly<Record<string, string>> = config.tasks;
  const run = `deno run ${launcherFlags.join(" ")} "--allow-run=$(deno eval -p 'Deno.execPath()')" cli/launch.ts`;
  assert.equal(tasks["yopo-bench"], run);
  assert.equal(tasks["bench"], "deno task --quiet yopo-bench bench");
});

/** Whether the first run's journal holds an evaluation. */
async function hasPoint(runs: string): Promise<boolean> {
  try {
    for await (const { name } of Deno.readDir(runs)) {
      const journal = await Deno.readTextFile(join(runs, name, "attempt-1/events.jsonl"));
      if (journal.includes('"event":"point"')) return true;
    }
  } catch (error) {
    if (!(error instanceof Deno.errors.NotFound)) throw error;
  }
  return false;
}

function delay(milliseconds: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, milliseconds));
}
