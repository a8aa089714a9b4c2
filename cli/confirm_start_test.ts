import assert from "node:assert/strict";
import { join } from "node:path";
import { loadSuite } from "../bench/load_suite.ts";
import { toolRecord } from "../bench/tool.ts";
import { withTemporaryFolder } from "../files/_temporary_folder.ts";
import { confirmStart, type Estimate, type Start } from "./confirm_start.ts";
import type { Io, Output } from "./io.ts";

const paper = { ...await loadSuite("smoke"), paper: "table1" };

/** A person at a terminal who gives this answer; null ends the input. */
function person(answer: string | null, isTerminal = true) {
  const said = { err: "", questions: 0 };
  const output = (write: (text: string) => void): Output => ({ write, isTerminal, colors: false, columns: () => 100 });
  const io: Io = {
    out: output(() => assert.fail("only stderr is written to")),
    err: output((text) => void (said.err += text)),
    input: {
      isTerminal,
      readLine() {
        said.questions++;
        return Promise.resolve(answer);
      },
    },
    place: { project: "/", workingFolder: "/", cache: "/" },
    now: () => 0,
    interruptible: () => new AbortController().signal,
  };
  return { io, said };
}

/** An hour of training and half an hour of evaluation each. */
const estimate: Estimate = (_engine, _suite, runs) =>
  Promise.resolve({
    engine: {
      name: "wasm",
      version: "",
      kernels: "",
      workers: 2,
      shards: 8,
      precision: "f32",
    },
    isBusy: false,
    runs: runs.map(({ label }) => ({ label, training: 3600, evaluation: 1800 })),
  });

const unasked: Estimate = () => assert.fail("nothing is measured");

function start(changes: Partial<Start> = {}): Start {
  const flags = { force: false, yes: false, json: false, quiet: false };
  return { suite: paper, out: "/nowhere/out", engine: { engine: "auto" }, ...flags, ...changes };
}

Deno.test("a suite of the paper at full scale shows its hours and starts on yes alone", async () => {
  for (const [answer, expected] of [["y", true], ["Yes ", true], ["n", false], ["", false], ["yo", false]] as const) {
    const { io, said } = person(answer);
    assert.equal(await confirmStart(start(), io, estimate), expected, answer);
    assert.match(said.err, /│ pgd-3 +│ 1\.5 h +│ 1\.5 h +│ 1 h +│ 30 min +│ 1 +│/);
    assert.match(said.err, /^About 4\.5 h on this machine, of which 1\.5 h evaluation: .* on wasm with 2 workers /m);
    assert.match(said.err, /\nStart\? \[y\/N\] /);
    assert.equal(said.err.includes("Stopped before the start"), !expected);
  }
});

Deno.test("the end of the input means no, on a line of its own", async () => {
  const { io, said } = person(null);
  assert.equal(await confirmStart(start(), io, estimate), false);
  assert.match(said.err, /Start\? \[y\/N\] \nyopo-bench: Stopped before the start/);
});

Deno.test("--yes and a scale show the hours without asking", async () => {
  const scaled = { ...paper, scaled: { epochs: 0.1, data: 1 } };
  for (const changes of [{ yes: true }, { yes: true, json: true }, { suite: scaled }, { suite: scaled, json: true }]) {
    const { io, said } = person(null, false);
    assert.equal(await confirmStart(start(changes), io, estimate), true);
    assert.match(said.err, /^About 4\.5 h /m);
    assert.equal(said.questions, 0);
  }
});

Deno.test("--quiet measures nothing and says nothing", async () => {
  for (const changes of [{ yes: true }, { suite: { ...paper, scaled: { epochs: 0.1, data: 1 } } }]) {
    const { io, said } = person(null, false);
    assert.equal(await confirmStart(start({ ...changes, quiet: true }), io, unasked), true);
    assert.equal(said.err, "");
  }
});

Deno.test("where nobody can answer, a suite at full scale is refused before anything is measured", async () => {
  const cases = [[{}, "without a terminal"], [{ quiet: true }, "with --quiet"], [
    { json: true },
    "with --json",
  ]] as const;
  for (const [changes, why] of cases) {
    const { io, said } = person("y", why !== "without a terminal");
    await assert.rejects(confirmStart(start(changes), io, unasked), (error: Error) => {
      return error.name === "UsageError" && error.message.includes(why) && /--yes.*--scale/.test(error.message);
    });
    assert.equal(said.err, "");
  }
});

Deno.test("other suites, and folders with nothing left to do, start without a word", () =>
  withTemporaryFolder(async (folder) => {
    const { prepareOutput } = await import("../bench/output_folder.ts");
    const smoke = await loadSuite("smoke"), { io, said } = person(null, false);
    assert.equal(await confirmStart(start({ suite: smoke }), io, unasked), true);
    const out = join(folder, "out"), tool = await toolRecord();
    await prepareOutput(out, { command: "x", engine: "wasm", precision: "f32", shards: 8, tool, suite: smoke }, false);
    assert.equal(await confirmStart(start({ out }), io, unasked), true, "what lies there is refused later");
    assert.equal(said.err, "");
  }));
