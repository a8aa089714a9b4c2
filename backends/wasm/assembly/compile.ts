/** Compiles the AssemblyScript kernels of this folder: `deno task kernels` writes kernels_simd.wasm and kernels_fma.wasm
 *  into the folder above; a folder as argument takes them elsewhere. This folder has a deno.json of its own, so that only
 *  who compiles kernels downloads the compiler. @module */

import asc from "assemblyscript/dist/asc.js";

/** "simd" rounds every operation, as WebAssembly specifies; "fma" uses relaxed SIMD's fused multiply-add. */
const variants = ["simd", "fma"] as const;
type Variant = typeof variants[number];

/** The module's bytes: a function of the sources and the compiler's version alone. @throws {Error} What the compiler says. */
async function compileKernels(variant: Variant): Promise<Uint8Array> {
  let bytes: Uint8Array | undefined;
  const features = ["--enable", "simd", ...(variant === "fma" ? ["--enable", "relaxed-simd"] : [])];
  const { error, stderr } = await asc.main(
    ["index.ts", "--outFile", "out.wasm", "-O3", "--noAssert", "--runtime", "stub", "--importMemory", ...features],
    {
      readFile: (name: string) => readSource(name),
      writeFile(_name: string, contents: string | Uint8Array) {
        bytes = contents as Uint8Array;
      },
      listFiles: () => null,
    },
  );
  if (error || bytes === undefined) throw new Error(`Cannot compile kernels ${variant}: ${stderr.toString()}`);
  return bytes;
}

function readSource(name: string): string | null {
  try {
    return Deno.readTextFileSync(new URL(name, import.meta.url));
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return null;
    throw error;
  }
}

const folder = Deno.args[0] ?? new URL("..", import.meta.url).pathname;
for (const variant of variants) Deno.writeFileSync(`${folder}/kernels_${variant}.wasm`, await compileKernels(variant));
