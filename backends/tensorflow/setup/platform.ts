/** Whether the setup can work on this machine. @module */

import { statfs } from "node:fs/promises";

/** How the build differs between systems. */
export interface Platform {
  /** Libraries in tensorflow/, in the order in which they are linked. */
  readonly libraries: readonly string[];
  readonly compilerFlags: readonly string[];
  readonly linkerFlags: readonly string[];
  /** What the user should know; empty where this was tested. */
  readonly note: string;
}

/** @throws {Error} When TensorFlow has no build for this system. */
export function describePlatform(os: string = Deno.build.os, architecture: string = Deno.build.arch): Platform {
  const tuned = architecture === "aarch64" ? ["-mcpu=native"] : ["-march=native"];
  if (os === "linux") {
    return {
      libraries: ["libtensorflow_cc.so.2", "libtensorflow_framework.so.2"],
      compilerFlags: tuned,
      linkerFlags: [],
      note: architecture === "x86_64" ? "" : `not tested on linux ${architecture} so far`,
    };
  }
  if (os === "darwin") {
    return {
      libraries: ["libtensorflow_cc.2.dylib", "libtensorflow_framework.2.dylib"],
      compilerFlags: tuned,
      linkerFlags: ["-undefined", "dynamic_lookup"],
      note: "not tested on macOS so far",
    };
  }
  throw new Error(
    `Cannot set TensorFlow up on ${os}: expected linux or macOS; use --engine wasm, or Linux in WSL 2 on Windows`,
  );
}

/** Bytes that pip needs for the wheel and what is in it, with a margin. */
const NEEDED_BYTES = 1.8e9;
const NEEDED_BYTES_GPU = 9e9;

/** @throws {Error} When the disk of a folder that exists has too little room. */
export async function checkSpace(folder: string, gpu: boolean): Promise<void> {
  const { bavail, bsize } = await statfs(folder);
  const free = bavail * bsize, needed = gpu ? NEEDED_BYTES_GPU : NEEDED_BYTES;
  if (free >= needed) return;
  const say = (bytes: number) => `${(bytes / 1e9).toFixed(1)} GB`;
  throw new Error(
    `Cannot fetch TensorFlow into ${JSON.stringify(folder)}: ${say(free)} are free there and ${say(needed)} needed; ` +
      "make room, or set YOPO_BENCH_CACHE to a folder on another disk",
  );
}
