import assert from "node:assert/strict";
import { Buffer } from "node:buffer";

const folder = new URL("./", import.meta.url);
const variants = ["simd", "fma"] as const;

Deno.test("compiling the kernels again gives the bytes that are in the repository", async () => {
  const out = await Deno.makeTempDir();
  try {
    const { code, stderr } = await new Deno.Command(Deno.execPath(), {
      args: [
        "run",
        "--config=assembly/deno.json",
        "--no-prompt",
        "--allow-read",
        "--allow-env",
        `--allow-write=${out}`,
        "assembly/compile.ts",
        out,
      ],
      cwd: folder,
    }).output();
    assert.equal(code, 0, new TextDecoder().decode(stderr));
    for (const variant of variants) {
      const name = `kernels_${variant}.wasm`;
      const same = Buffer.from(await Deno.readFile(`${out}/${name}`)).equals(
        await Deno.readFile(new URL(name, folder)),
      );
      assert.ok(same, `${name} is not what its sources give: run "deno task kernels"`);
    }
  } finally {
    await Deno.remove(out, { recursive: true });
  }
});

Deno.test("the kernels bring no data of their own, which would overwrite tfjs's memory", async () => {
  for (const variant of variants) {
    const bytes = await Deno.readFile(new URL(`kernels_${variant}.wasm`, folder));
    assert.ok(!sectionsOf(bytes).includes(11)); // 11 is the data section
    const imports = WebAssembly.Module.imports(new WebAssembly.Module(bytes));
    assert.deepEqual(imports, [{ module: "env", name: "memory", kind: "memory" }]);
  }
});

/** The ids of a module's sections: after 8 bytes of header, each is an id, its size as LEB128, and its content. */
function sectionsOf(bytes: Uint8Array): number[] {
  const ids: number[] = [];
  for (let at = 8; at < bytes.length;) {
    ids.push(bytes[at++]!);
    let size = 0;
    for (let shift = 0;; shift += 7) {
      const byte = bytes[at++]!;
      size |= (byte & 127) << shift;
      if (byte < 128) break;
    }
    at += size;
  }
  return ids;
}
