import assert from "node:assert/strict";
import { relative } from "node:path";
import { fileURLToPath } from "node:url";

/** Rooms that each room may import, besides itself; docs/architecture.md says why. */
const ALLOWED: Readonly<Record<string, readonly string[]>> = {
  cli: [
    "bench",
    "report",
    "parity",
    "training",
    "attacks",
    "models",
    "backends",
    "data",
    "random",
    "statistics",
    "files",
  ],
  bench: ["training", "attacks", "models", "backends", "data", "random", "statistics", "files"],
  parity: ["training", "attacks", "models", "backends", "random", "statistics"],
  training: ["attacks", "models", "backends", "random", "statistics"],
  attacks: ["models", "backends", "random", "statistics"],
  models: ["backends", "random", "statistics"],
  backends: ["random", "statistics"],
  report: ["bench", "random", "statistics", "files"],
  data: ["random"],
  random: [],
  statistics: [],
  files: [],
};

/** Files of bench/ that report/ may import: the record's shape and nothing that runs. */
const REPORT_MAY_SEE = ["bench/evaluation_record.ts", "bench/result.ts", "bench/suite.ts"];

interface Module {
  readonly specifier: string;
  readonly dependencies?: readonly {
    readonly code?: { readonly specifier: string };
    readonly type?: { readonly specifier: string };
  }[];
}

const root = fileURLToPath(new URL("../", import.meta.url));

/** Modules that `entry` reaches, as Deno itself sees them. */
async function modulesOf(entry: string): Promise<Module[]> {
  const output = await new Deno.Command(Deno.execPath(), { args: ["info", "--json", entry], cwd: root }).output();
  assert.equal(output.code, 0, new TextDecoder().decode(output.stderr));
  return (JSON.parse(new TextDecoder().decode(output.stdout)) as { modules: Module[] }).modules;
}

/** Every import between two of our files, as paths from the project's root. */
async function importsBetweenFiles(): Promise<[string, string][]> {
  const lazy = ["run_loop", "evaluate_weights", "measure_cost"].map((name) => `bench/${name}.ts`);
  const entries = ["mod.ts", "cli/main.ts", "cli/launch.ts", "bench/engine_worker.ts", ...lazy];
  entries.push("backends/tensorflow/load.ts", "backends/tensorflow/kernels.ts");
  const modules = (await Promise.all(entries.map(modulesOf))).flat();
  const ours = (specifier: string): string | null => {
    if (!specifier.startsWith("file://")) return null;
    const path = relative(root, fileURLToPath(specifier));
    return path.startsWith("..") || path.startsWith("node_modules") ? null : path;
  };
  return modules.flatMap((module) => {
    const from = ours(module.specifier);
    if (from === null) return [];
    return (module.dependencies ?? []).flatMap((dependency): [string, string][] => {
      const to = ours((dependency.code ?? dependency.type)?.specifier ?? "");
      return to === null ? [] : [[from, to]];
    });
  });
}

function violations(imports: readonly [string, string][]): string[] {
  const room = (path: string): string => path.includes("/") ? path.slice(0, path.indexOf("/")) : "";
  return imports.filter(([from, to]) => {
    const source = room(from), target = room(to);
    if (source === target || source === "" || target === "") return false;
    if (source === "report" && target === "bench") return !REPORT_MAY_SEE.includes(to);
    return !(ALLOWED[source] ?? []).includes(target);
  }).map(([from, to]) => `${from} imports ${to}`);
}

Deno.test("rooms import only the rooms that the architecture allows", async () => {
  const imports = await importsBetweenFiles();
  assert.ok(imports.length > 100, `only ${imports.length} imports were found`);
  assert.deepEqual(violations(imports), []);
});

Deno.test("an import against the architecture would be found", () => {
  assert.deepEqual(violations([["attacks/pgd.ts", "bench/clock.ts"], ["report/svg.ts", "bench/clock.ts"]]), [
    "attacks/pgd.ts imports bench/clock.ts",
    "report/svg.ts imports bench/clock.ts",
  ]);
});
