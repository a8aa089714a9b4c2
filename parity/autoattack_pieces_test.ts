import assert from "node:assert/strict";
import { join } from "node:path";
import { findEngine } from "../backends/registry.ts";
import { replayFolder } from "./replay.ts";

/** The reference cases, where they lie beside the project. */
const FIXTURES = join(import.meta.dirname!, "../../shared/fixtures");
const ignore = !await exists(FIXTURES); // the case is not among the project's own fixtures

async function exists(folder: string): Promise<boolean> {
  try {
    return (await Deno.stat(folder)).isDirectory;
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return false;
    throw error;
  }
}

interface Manifest {
  readonly hyper: { readonly apgdCe: Readonly<Record<string, unknown>> };
  readonly tensors: readonly { readonly name: string }[];
}

/** Replays the case with its manifest changed. */
async function replay(change: (manifest: Manifest) => Manifest) {
  const folder = await Deno.makeTempDir();
  try {
    const manifest: Manifest = JSON.parse(await Deno.readTextFile(join(FIXTURES, "autoattack-pieces.json")));
    await Deno.writeTextFile(join(folder, "autoattack-pieces.json"), JSON.stringify(change(manifest)));
    for (const name of ["autoattack-pieces.safetensors", "smallcnn-trained.safetensors"]) {
      await Deno.copyFile(join(FIXTURES, name), join(folder, name));
    }
    const engine = await findEngine("wasm").open(), before = engine.memory().tensors;
    const lines = await Array.fromAsync(replayFolder(folder, engine));
    assert.equal(engine.memory().tensors, before);
    return lines;
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

/** Only these tensors of the manifest, besides what every replay starts from. */
function only(manifest: Manifest, prefix: string): Manifest {
  const shared = ["x", "y", "start"];
  const tensors = manifest.tensors.filter(({ name }) => shared.includes(name) || name.startsWith(prefix));
  return { ...manifest, tensors };
}

Deno.test({
  name: "autoattack-pieces: every piece agrees with the public code on wasm",
  ignore,
  async fn() {
    const lines = await replay((manifest) => manifest);
    assert.deepEqual(lines.filter(({ outcome }) => outcome === "FAIL"), []);
    const passed = new Set(
      lines.filter(({ outcome }) => outcome === "pass").map(({ quantity }) => quantity.split("/")[0]),
    );
    assert.deepEqual([...passed], ["losses", "logits", "correct", "apgdCe", "apgdT", "fabT", "square"]);
  },
});

Deno.test({
  name: "autoattack-pieces fails where Auto-PGD ran with another ρ",
  ignore,
  async fn() {
    const lines = await replay((manifest) => {
      const { hyper, ...rest } = only(manifest, "apgdCe/");
      return { ...rest, hyper: { ...hyper, apgdCe: { ...hyper.apgdCe, rho: 0.4 } } };
    });
    const failed = lines.filter(({ outcome }) => outcome === "FAIL").map(({ quantity }) => quantity);
    assert.ok(failed.includes("apgdCe/finalStep"), failed.join());
  },
});
