import assert from "node:assert/strict";
import { join } from "node:path";
import { withTemporaryFolder } from "../files/_temporary_folder.ts";
import { listSuites, loadSuite } from "./load_suite.ts";
import { planRuns } from "./run_config.ts";
import { UsageError } from "./usage_error.ts";

async function refusal(work: Promise<unknown>): Promise<string> {
  const error = await work.then(() => assert.fail("nothing was refused"), (reason: unknown) => reason);
  assert.ok(error instanceof UsageError, String(error));
  assert.doesNotMatch(error.message, /\n/);
  return error.message;
}

Deno.test("every suite that the program brings can be planned", async () => {
  const suites = await listSuites();
  assert.ok(suites.some((suite) => suite.name === "quick"));
  for (const { name } of suites) {
    const suite = await loadSuite(name);
    assert.equal(suite.name, name, "a suite is found by its own name");
    assert.equal(planRuns(suite).length, suite.runs.length * suite.seeds.length);
  }
});

Deno.test("loadSuite() changes keys by path, label and star", async () => {
  const suite = await loadSuite("smoke", {
    set: ["runs.*.epochs=3", "runs.pgd-3.batch=16", "title=Mine"],
    seeds: [4, 5],
  });
  assert.deepEqual(suite.runs.map((run) => run.epochs), [3, 3, 3]);
  assert.equal(suite.runs.find((run) => run.label === "pgd-3")?.batch, 16);
  assert.deepEqual([suite.title, suite.seeds], ["Mine", [4, 5]]);
  const noted = await loadSuite("smoke", { set: ["runs.pgd-3.note=mine"] });
  assert.equal(noted.runs[1]?.note, "mine", "a key that the file leaves out may be set");
});

Deno.test("loadSuite() refuses unknown suites, keys and values in one line", async () => {
  assert.match(await refusal(loadSuite("quik")), /Cannot find suite "quik": there are .*quick/);
  assert.match(await refusal(loadSuite("smoke", { set: ["rums.0.epochs=2"] })), /no key "rums.0"/);
  assert.match(await refusal(loadSuite("smoke", { set: ["runs.0.epoch=2"] })), /runs\.0: Unrecognized key: "epoch"/);
  assert.match(await refusal(loadSuite("smoke", { set: ["runs.0.epochs=0"] })), /runs.0.epochs/);
  assert.match(await refusal(loadSuite("smoke", { set: ["runs.0"] })), /expected key=value/);
  for (const lost of ["runs.epochs=1", "seeds.foo=3", "runs.=1", "runs.length=1", "data.options.__proto__=1"]) {
    assert.match(await refusal(loadSuite("smoke", { set: [lost] })), /Cannot set ".*" from --set/);
  }
  assert.match(await refusal(loadSuite("smoke", { set: [], seeds: [1, 1] })), /a seed is named twice/);
  assert.match(await refusal(loadSuite("./no/such.json")), /there is no such file/);
});

Deno.test("planRuns() says which run names a wrong method, option or norm", async () => {
  const plan = async (...set: string[]) => planRuns(await loadSuite("smoke", { set }));
  assert.match(await refusal(plan("runs.pgd-3.method.name=pgd-x")), /"pgd-x".*run pgd-3 of suite smoke/);
  assert.match(await refusal(plan("runs.pgd-3.method.options.stepsize=1")), /stepsize.*run pgd-3/);
  assert.match(await refusal(plan("threat.norm=l2")), /Cannot train pgd-3 against l2/);
  assert.match(await refusal(plan("data.options.noise=-1")), /noise -1.*suite smoke/);
  assert.match(await refusal(plan("model.name=big-cnn")), /big-cnn.*suite smoke/);
});

Deno.test("a run's id changes with what decides its weights and with nothing else", async () => {
  const ids = async (...set: string[]) => planRuns(await loadSuite("smoke", { set })).map((run) => run.id);
  const before = await ids();
  assert.deepEqual(await ids("title=Other", "evaluation.count=32", "targets=[0.1]"), before);
  assert.equal(
    new Set([...before, ...await ids("runs.*.epochs=3"), ...await ids("seeds=[1]")]).size,
    3 * before.length,
  );
});

Deno.test("loadSuite() reads UTF-8 with a mark and refuses folders and other encodings", () =>
  withTemporaryFolder(async (folder) => {
    const path = join(folder, "mine.json"), text = JSON.stringify({ ...await loadSuite("smoke"), name: "mine" });
    await Deno.writeTextFile(path, `\uFEFF${text}`);
    assert.equal((await loadSuite(path)).name, "mine");
    await Deno.writeFile(path, Uint8Array.of(0x7b, 0xe9, 0x7d));
    assert.match(await refusal(loadSuite(path)), /mine\.json/);
    assert.match(await refusal(loadSuite(`${folder}/`)), /it is not a file/);
  }));
