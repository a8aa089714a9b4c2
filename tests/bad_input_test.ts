/** Wrong command lines, suite files and data files: each gets one line and its exit code. @module */

import assert from "node:assert/strict";
import { join } from "node:path";
import { runHere } from "./helpers/fake_io.ts";
import { writeBadInput } from "./helpers/bad_input_files.ts";

/** Words of the command line, exit code, and what the line says. */
type Row = readonly [line: string, code: 1 | 2, says: RegExp];

const usage: readonly Row[] = [
  ["", 2, /Cannot run without a command: expected one of bench, train/],
  ["bnch", 2, /Cannot read command "bnch": did you mean "bench"\?/],
  ["fly", 2, /Cannot read command "fly": expected one of bench, train/],
  ["--json bench", 2, /the command comes first/],
  ["data", 2, /Cannot read command "data": expected data list, data get, data check/],
  ["data gte mnist", 2, /did you mean "data get"\?/],
  ["bench --seed 1", 2, /Cannot read "--seed": there is no such option; did you mean --seeds\?/],
  ["bench --fast", 2, /there is no such option; the options are --help, --out/],
  ["bench quick smoke", 2, /Cannot read "smoke": no further argument was expected/],
  ["bench --seeds 1,1", 2, /Cannot read "1,1" from --seeds: .* each named once/],
  ["bench --seeds -1", 2, /Cannot read "-1" from --seeds: expected a whole number from 0/],
  ["bench --seeds 1.5", 2, /Cannot read "1.5" from --seeds/],
  ["bench --seeds 4294967296", 2, /from 0 to 4294967295/],
  ["bench --out", 2, /Cannot read --out without a value: expected a path/],
  ["bench --out --json", 2, /Cannot read "--json" from --out: expected a path/],
  ["bench --json --json", 2, /Cannot read --json a second time/],
  ["bench --out a --out=b", 2, /Cannot read --out a second time/],
  ["bench --json=yes", 2, /--json takes no value/],
  ["bench --resume good smoke", 2, /Cannot use --resume with SUITE/],
  ["bench --resume good --force", 2, /Cannot use --resume with --force/],
  ["bench --resume good --scale 0.5", 2, /Cannot use --resume with --scale/],
  ["bench --resume good --data-scale 0.5", 2, /Cannot use --resume with --data-scale/],
  ["bench --scale 0", 2, /Cannot read "0" from --scale: expected a number above 0/],
  ["bench --data-scale 1.5", 2, /Cannot read "1.5" from --data-scale: .*at most 1/],
  ["bench --engine wsm smoke", 2, /Cannot find engine "wsm"/],
  [
    "list modls",
    2,
    /Cannot read "modls" from the command line: expected suites, presets, methods.*did you mean "models"\?/,
  ],
  ["report", 2, /Cannot run without DIR/],
  ["evaluate", 2, /Cannot run without WEIGHTS/],
  ["cost", 2, /Cannot measure: give either --method METHOD or --attack ATTACK/],
  ["cost --method natural --attack fgsm", 2, /give either --method METHOD or --attack ATTACK/],
  ["evaluate good --save-images", 2, /Cannot use --save-images without --out DIR/],
  ["evaluate good --curve-eps 0.1", 2, /Cannot use --curve-eps without --curve/],
  ["evaluate good --attack autoatack", 2, /Cannot find attack "autoatack": .*did you mean "autoattack"\?/],
  ["cost --method yopo-0-3", 2, /Cannot read method "yopo-0-3".*expected yopo-M-N/],
  ["cost --method natural --batch 0", 2, /Cannot read "0" from --batch: expected a whole number from 1 to 65536/],
  ["cost --method natural --model resnet", 2, /Cannot find model "resnet"/],
  ["cost --method natural --engine wsm", 2, /Cannot find engine "wsm"/],
  ["cost --method natural --vs", 2, /Cannot read --vs without a value: expected a path/],
  ["cost --method natural --profile=yes", 2, /--profile takes no value/],
];

const suites: readonly Row[] = [
  ["bench smokey", 2, /Cannot find suite "smokey"/],
  ["bench ./missing.json", 2, /Cannot read suite file ".*missing.json": there is no such file/],
  ["bench ./empty-folder/", 2, /Cannot read suite file/],
  ["bench cut-off.json", 2, /Cannot read suite file.*not JSON/],
  ["bench empty.json", 2, /Cannot read suite file.*not JSON/],
  ["bench list.json", 2, /Cannot use suite .*expected object/],
  ["bench unknown-key.json", 2, /Cannot use suite .*Unrecognized key: "sed"/],
  ["bench wrong-type.json", 2, /Cannot use suite .*seeds: .*expected array/],
  ["bench negative.json", 2, /Cannot use suite .*evaluation.everyExamples: Too small/],
  ["bench same-seeds.json", 2, /seeds: a seed is named twice/],
  ["bench same-labels.json", 2, /runs.1.label: "natural" is used twice/],
  ["bench no-runs.json", 2, /runs: Too small/],
  ["bench other-schema.json", 2, /schema: Invalid input/],
  ["bench smoke --set nonsense", 2, /Cannot read --set nonsense: expected key=value/],
  ["bench smoke --set epochs=1", 2, /Unrecognized key: "epochs"/],
  ["bench smoke --set runs.nobody.epochs=1", 2, /the suite has no key "runs.nobody"/],
  ["bench smoke --set runs.*.epochs=-1", 2, /runs.0.epochs: Too small/],
  ["bench smoke --set threat.epsilon=0", 2, /threat.epsilon: Too small/],
  ["bench smoke --set threat.epsilon=NaN", 2, /threat.epsilon: .*expected number/],
  ["bench smoke --set runs.natural.method.name=yopo-5", 2, /Cannot read method "yopo-5".*for example yopo-5-3/],
  ["bench smoke --set model.name=resnet", 2, /Cannot find model "resnet"/],
  ["bench smoke --set data.name=imagenet", 2, /Cannot find data set "imagenet"/],
  ["bench smoke --set evaluation.attack.name=pdg-5", 2, /Cannot find attack "pdg-5"/],
  ["bench unknown-preset.json", 2, /Cannot find preset "mnist-pdg-40" from suite .*: did you mean "mnist-pgd-40"\?/],
  ["bench scaled.json --scale 0.5", 2, /Cannot scale suite smoke: it is scaled already \(epochs × 0.1\)/],
  ["bench smoke --set runs.0.preset=mnist-pgd-40", 2, /Cannot set a run's preset from --set/],
  ["bench paper", 2, /Cannot find suite "paper": there are [^/]*table1/],
  ["bench table1", 2, /Cannot ask without a terminal whether to start table1 at full scale.*--yes.*--scale/],
  ["bench table1 --quiet", 2, /Cannot ask with --quiet .*--yes.*--scale/],
  ["bench table1 --json", 2, /Cannot ask with --json .*--yes.*--scale/],
  ["bench good.json --out a-file", 2, /a-file: it is not a folder/],
  ["bench good.json --out other-files", 2, /other-files: it holds other files/],
  ["bench --resume empty-folder", 2, /Cannot read .*suite.json: there is no such file/],
  ["bench --resume damaged-suite", 2, /Cannot read .*suite.json: schema: /],
  ["bench --resume other-engine", 2, /Cannot find engine "abacus".*\(from .*suite.json\)/],
  ["train", 2, /Cannot run without --method/],
  ["train --seed 1", 2, /Cannot run without --method METHOD or --preset PRESET/],
  [
    "train --preset mnist-yopo-5",
    2,
    /Cannot find preset "mnist-yopo-5" from --preset: did you mean "mnist-yopo-5-10"\?/,
  ],
  ["train --preset nothing", 2, /Cannot find preset "nothing" from --preset: expected one that list presets names/],
  ["train --preset mnist-pgd-40 --optimizer adam --momentum 0.5", 2, /Cannot use --momentum with --optimizer adam/],
  ["train --preset mnist-pgd-40 --schedule cyclic --milestones 1", 2, /Cannot use --schedule cyclic with --milestones/],
  [
    "train --method natural --augmentation flip",
    2,
    /Cannot read "flip" from --augmentation: expected none or crop-flip/,
  ],
  ["train --method yopo-5", 2, /Cannot read method "yopo-5".*for example yopo-5-3/],
  ["train --method natural --eps 0", 2, /Cannot read "0" from --eps: expected a number above 0/],
  ["train --method natural --eps 1.1", 2, /Cannot read "1.1" from --eps: .*at most 1/],
  ["train --method natural --eps NaN", 2, /Cannot read "NaN" from --eps/],
  ["train --method natural --eps 8/0", 2, /Cannot read "8\/0" from --eps/],
  ["train --method natural --epochs Infinity", 2, /Cannot read "Infinity" from --epochs/],
  ["train --method natural --lr -0.1", 2, /Cannot read "-0.1" from --lr/],
  ["train --method natural --momentum 0.9", 2, /Cannot use --momentum with --optimizer adam/],
  ["train --method natural --schedule piecewise", 2, /Cannot use --schedule piecewise without --milestones/],
  ["train --method natural --optimizer rmsprop", 2, /Cannot read "rmsprop" from --optimizer: expected adam or sgd/],
  ["train --method pgd-3 --option start", 2, /Cannot read "start" from --option: expected NAME=VALUE/],
  ["train --method pgd-3 --option start=nowhere", 2, /Cannot set option "start" of method "pgd-3" to "nowhere"/],
  ["train --method pgd-3 --option strat=zero", 2, /Cannot set option "strat".*did you mean "start"\?/],
  ["train --method pgd-3 --option start=zero --option start=zero", 2, /Cannot read start from --option a second time/],
  ["train --method pgd-3 --step-size 0.1 --option stepSize=0.2", 2, /Cannot use --step-size with --option stepSize/],
];

const files: readonly Row[] = [
  ["evaluate missing.safetensors", 2, /Cannot read weight file ".*missing.safetensors": there is no such file/],
  ["evaluate empty-folder", 2, /Cannot read weight file ".*empty-folder": it is a folder/],
  ["evaluate text.safetensors", 2, /text.safetensors/],
  ["evaluate cut-off.safetensors", 2, /cut-off.safetensors/],
  ["evaluate tiny.safetensors", 2, /Cannot use tiny-cnn on mnist-embedded: the model takes \[12,12,1\]/],
  ["evaluate tiny.safetensors --attack pdg-5", 2, /Cannot find attack "pdg-5": .*from --attack/],
  ["evaluate tiny.safetensors --attack fgsm --restarts 2", 2, /Cannot use --restarts 2 with --attack fgsm/],
  ["evaluate tiny.safetensors --limit 0", 2, /Cannot read "0" from --limit/],
  ["evaluate tiny.safetensors --split test", 2, /Cannot read "test" from --split: expected validation or final/],
  ["evaluate tiny.safetensors --data imagenet", 2, /Cannot find data set "imagenet"/],
  ["cost --method natural --vs missing.jsonl", 2, /Cannot read times ".*missing.jsonl": there is no such file/],
  ["cost --method natural --vs empty-folder", 2, /Cannot read times ".*empty-folder": it is a folder/],
  ["cost --method natural --vs a-file", 2, /Cannot read a-file:1: not JSON; expected one JSON object a line/],
  ["cost --method natural --vs cut-off.jsonl", 2, /Cannot read cut-off.jsonl:2: not JSON/],
  ["cost --method natural --vs wrong-times.jsonl", 2, /Cannot read wrong-times.jsonl:1: secondsPerStep: median: /],
  [
    "cost --method fgsm --vs times.jsonl",
    2,
    /Cannot compare with times.jsonl: it has nothing for small-cnn fgsm batch 128/,
  ],
  ["cost --method natural --vs empty.json", 2, /Cannot compare with empty.json: .* but no lines/],
  [
    "cost --method natural --engine wasm --batch 65536",
    2,
    /Cannot train small-cnn with batch 65536 on wasm.*at most \d+/,
  ],
  ["report missing", 2, /Cannot read result ".*result.json": there is no such file/],
  ["report empty-folder", 2, /Cannot read result ".*result.json": there is no such file/],
  ["report cut-off-result", 2, /result.json: not JSON/],
  ["report other-result", 2, /its "schema" is "yopo-bench\/result@9"/],
  ["report wrong-result", 2, /Cannot read .*result.json: /],
  ["report --check wrong-result", 1, /Cannot read .*result.json: /],
  ["parity missing", 2, /Cannot read folder ".*missing": there is no such folder/],
  ["parity a-file", 2, /Cannot read folder ".*a-file": it is a file/],
  ["parity empty-folder", 1, /Cannot compare anything in "empty-folder"/],
  ["data get imagenet", 2, /Cannot find data set "imagenet"/],
  ["data get synthetic --from a-file", 2, /Cannot use --from with data set "synthetic"/],
  ["data get mnist --from missing", 1, /Cannot read ".*missing": there is no such file/],
  ["data get mnist --from empty-folder", 1, /Cannot read ".*train-images-idx3-ubyte.gz": there is no such file/],
  ["data get mnist --from a-file", 2, /Cannot take ".*a-file" as a file of data set "mnist"/],
  ["data get mnist --from mnist-cut-off", 1, /train-images-idx3-ubyte.gz/],
  ["data get mnist --from mnist-cut-off/train-labels-idx1-ubyte.gz", 1, /train-labels-idx1-ubyte.gz/],
  ["data get cifar10 --from missing.tar.gz", 1, /Cannot read ".*missing.tar.gz": there is no such file/],
  ["data get cifar10 --from empty-folder", 1, /Cannot read ".*data_batch_1.bin": there is no such file/],
  ["data get cifar10 --from a-file", 2, /Cannot take ".*a-file" as a file of data set "cifar10"/],
  ["data get cifar10 --from cut-off.tar.gz --quiet", 1, /Cannot unpack ".*cut-off.tar.gz": its gzip data is cut off/],
  ["data check mnist", 1, /train-images-idx3-ubyte.gz.*there is no such file/],
  ["data check cifar10", 1, /data_batch_1.bin.*there is no such file; get it with .*cifar10.* \(and 5 more\)/],
  ["data check imagenet", 2, /Cannot find data set "imagenet"/],
];

const devices: readonly Row[] = [
  ["evaluate /dev/null", 2, /Cannot read weight file "\/dev\/null": it is no regular file/],
];

/** Whether a folder without write permission stops this user; root passes. */
async function canLockFolders(): Promise<boolean> {
  const folder = await Deno.makeTempDir({ prefix: "yopo-bench-" });
  try {
    await Deno.chmod(folder, 0o500);
    return await Deno.mkdir(join(folder, "a")).then(() => false, () => true);
  } finally {
    await Deno.chmod(folder, 0o700);
    await Deno.remove(folder, { recursive: true });
  }
}

async function withFolder(work: (folder: string) => Promise<void>): Promise<void> {
  const folder = await Deno.makeTempDir({ prefix: "yopo-bench-" });
  try {
    await writeBadInput(folder);
    await work(folder);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

async function checkRows(rows: readonly Row[], t: Deno.TestContext): Promise<void> {
  await withFolder(async (workingFolder) => {
    for (const [line, code, says] of rows) {
      await t.step(`"${line}" ends with ${code}`, async () => {
        const args = line.split(" ").filter((word) => word !== "");
        const end = await runHere(args, { workingFolder, cache: join(workingFolder, "cache") });
        assert.match(end.err, says);
        assert.match(end.err, /^yopo-bench: Cannot [^\n]+\n$/, "one line");
        assert.equal(end.code, code);
      });
    }
  });
}

Deno.test("a wrong command line gets one line and exit code 2", (t) => checkRows(usage, t));
Deno.test("a wrong suite or recipe gets one line and exit code 2", (t) => checkRows(suites, t));
Deno.test("a wrong file gets one line and its exit code", (t) => checkRows(files, t));

Deno.test(
  { name: "a device is refused in one line (Windows has no such files)", ignore: Deno.build.os === "windows" },
  (t) => checkRows(devices, t),
);

Deno.test("a file above 1 GiB is refused before it is read", async () => {
  await withFolder(async (workingFolder) => {
    const file = await Deno.create(join(workingFolder, "huge.safetensors"));
    await file.truncate(2 ** 30 + 1);
    file.close();
    const end = await runHere(["evaluate", "huge.safetensors"], { workingFolder, cache: workingFolder });
    assert.match(end.err, /^yopo-bench: Cannot read weight file "[^\n]*": it has 1073741825 bytes, [^\n]*\n$/);
    assert.equal(end.code, 2);
  });
});

Deno.test("report --check goes on after a folder that cannot be read", async () => {
  await withFolder(async (workingFolder) => {
    const args = ["report", "--check", "missing", "cut-off-result", "other-result"];
    const end = await runHere(args, { workingFolder, cache: workingFolder });
    assert.deepEqual(end.err.match(/^yopo-bench: Cannot read /gm)?.length, 3);
    assert.equal(end.code, 1);
  });
});

Deno.test("what a command line or a file says reaches the terminal without control characters", async () => {
  await withFolder(async (workingFolder) => {
    const name = "a\x1b]0;owned\x07\u202E";
    await Deno.writeTextFile(join(workingFolder, "title.json"), JSON.stringify({ schema: name, [name]: name }));
    const lines = [
      [name],
      ["bench", `./${name}`],
      ["bench", "--out", name, name],
      ["bench", "title.json"],
      [
        ...["report", "--check", name],
      ],
      ["train", "--method", name],
      ["data", "get", name],
      ["evaluate", name],
      ["parity", name],
    ];
    for (const args of lines) {
      const end = await runHere(args, { workingFolder, cache: workingFolder, isTerminal: true });
      assert.ok(end.code === 1 || end.code === 2, JSON.stringify(args));
      assert.match(end.out + end.err, /^yopo-bench: Cannot [^\p{Cc}\p{Cf}]+\n$/u);
    }
  });
});

Deno.test("parity prints a manifest's words without control characters", async () => {
  await withFolder(async (workingFolder) => {
    await Deno.mkdir(join(workingFolder, "cases"));
    const manifest = { case: "a\x1b]0;owned\x07\u202E", tensors: [] };
    await Deno.writeTextFile(join(workingFolder, "cases/case.json"), JSON.stringify(manifest));
    const { out, err } = await runHere(["parity", "cases"], { workingFolder, cache: workingFolder });
    assert.match(out, /^(?:FAIL|unsupported)(?:\t[^\p{Cc}\p{Cf}]+){5}\n$/u);
    assert.match(out, /\ta \]0;owned\t/);
    assert.match(err, /^[^\p{Cc}\p{Cf}]*\n?$/u);
  });
});

const ignore = Deno.build.os === "windows" || !(await canLockFolders());

Deno.test(
  { name: "a results folder that may not be written gets one line (root may write everywhere)", ignore },
  async () => {
    await withFolder(async (workingFolder) => {
      const locked = join(workingFolder, "locked");
      await Deno.mkdir(locked, { mode: 0o500 });
      const end = await runHere(["bench", "smoke", "--out", "locked/out"], { workingFolder, cache: workingFolder });
      await Deno.chmod(locked, 0o700);
      assert.match(end.err, /^yopo-bench: Cannot [^\n]*locked[^\n]*\n$/);
      assert.equal(end.code, 1);
    });
  },
);
