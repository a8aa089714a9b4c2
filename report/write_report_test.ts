import assert from "node:assert/strict";
import { join } from "node:path";
import { sampleResult } from "./_sample_result.ts";
import { exporters } from "./registry.ts";
import { checkReport, writeReport } from "./write_report.ts";

async function inFolder(body: (folder: string) => Promise<void>): Promise<void> {
  const folder = await Deno.makeTempDir();
  try {
    await body(folder);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

Deno.test("the registry holds one exporter a format, each with a file of its own", () => {
  assert.deepEqual(exporters.map(({ format }) => format), ["csv", "markdown", "png", "svg"]);
  assert.equal(new Set(exporters.map(({ fileName }) => fileName)).size, exporters.length);
});

Deno.test("writeReport() writes every format and leaves nothing else, also over an older report", async () => {
  await inFolder(async (folder) => {
    await Deno.writeTextFile(join(folder, "report.md"), "old");
    const paths = await writeReport(sampleResult(), folder);
    assert.deepEqual(paths, ["result.csv", "report.md", "curves.png", "curves.svg"].map((name) => join(folder, name)));
    const found = (await Array.fromAsync(Deno.readDir(folder))).map(({ name }) => name).sort();
    assert.deepEqual(found, ["curves.png", "curves.svg", "report.md", "result.csv"]);
    assert.match(await Deno.readTextFile(join(folder, "report.md")), /^# Embedded MNIST/);
  });
});

Deno.test("checkReport() finds nothing in a fresh report and names what was edited, cut or removed", async () => {
  await inFolder(async (folder) => {
    const result = sampleResult({ trouble: true });
    await Deno.writeTextFile(join(folder, "result.json"), JSON.stringify(result));
    await writeReport(result, folder);
    assert.deepEqual(await checkReport(folder), []);
    const report = join(folder, "report.md");
    await Deno.writeTextFile(report, (await Deno.readTextFile(report)).replace("not reached", "10.0 s"));
    const picture = await Deno.readFile(join(folder, "curves.png"));
    await Deno.writeFile(join(folder, "curves.png"), picture.subarray(0, -1));
    await Deno.writeTextFile(join(folder, "result.csv"), "x\n", { append: true });
    await Deno.remove(join(folder, "curves.svg"));
    const [csv, markdown, png, svg, ...none] = await checkReport(folder);
    assert.match(csv ?? "", /^result\.csv: differs from result\.json at line \d+$/);
    assert.equal(markdown, "report.md: differs from result.json at line 3");
    assert.equal(png, "curves.png: differs from result.json");
    assert.equal(svg, "curves.svg: missing");
    assert.deepEqual(none, []);
  });
});

Deno.test("writeReport() and checkReport() say what they cannot reach", async () => {
  await inFolder(async (folder) => {
    const nowhere = join(folder, "nowhere");
    await assert.rejects(
      writeReport(sampleResult(), nowhere),
      /^Error: Cannot write .*result\.csv: there is no such file or folder$/,
    );
    await assert.rejects(checkReport(nowhere), /^Error: Cannot read .*result\.json: there is no such file or folder$/);
    await Deno.writeTextFile(join(folder, "result.json"), "{");
    await assert.rejects(checkReport(folder), /^SyntaxError: Cannot read .*result\.json: not JSON/);
  });
});

Deno.test("writeReport() leaves the older file and no half-written one where it cannot replace it", async () => {
  await inFolder(async (folder) => {
    await Deno.mkdir(join(folder, "result.csv", "inside"), { recursive: true });
    await assert.rejects(writeReport(sampleResult(), folder), /Cannot write .*result\.csv: /);
    const found = (await Array.fromAsync(Deno.readDir(folder))).map(({ name }) => name);
    assert.deepEqual(found, ["result.csv"]);
  });
});
