/** What a result says of the machine it was measured on. What cannot be known, or may not be read, is null. Needs
 *  --allow-sys=cpus,systemMemoryInfo,osRelease,loadavg, and works without. @module */

import * as tf from "@tensorflow/tfjs";
import { createHash } from "node:crypto";
import { cpus } from "node:os";

/** A machine as recorded with each result. */
export interface Machine {
  /** Short hash of the other fields: equal for equal machines with equal software. */
  readonly id: string;
  /** Model name of the processor. */
  readonly cpu: string | null;
  /** Logical cores that this process may use. */
  readonly cores: number;
  readonly memoryBytes: number | null;
  /** Name of the accelerator that the engine uses. */
  readonly gpu: string | null;
  /** "linux", "darwin" or "windows". */
  readonly os: string;
  /** "x86_64" or "aarch64". */
  readonly arch: string;
  /** Version of the operating system's kernel. */
  readonly osRelease: string | null;
  readonly deno: string;
  readonly v8: string;
  readonly tfjs: string;
}

/** Records the machine that this process runs on, now. */
export async function hardwareRecord(): Promise<Machine> {
  const stable = {
    cpu: await allowed("cpus", () => cpus()[0]?.model.trim() || null),
    cores: navigator.hardwareConcurrency,
    memoryBytes: await allowed("systemMemoryInfo", () => Deno.systemMemoryInfo().total),
    gpu: null,
    os: Deno.build.os,
    arch: Deno.build.arch,
    osRelease: await allowed("osRelease", () => Deno.osRelease()),
    deno: Deno.version.deno,
    v8: Deno.version.v8,
    tfjs: tf.version.tfjs,
  };
  const id = createHash("sha256").update(JSON.stringify(stable)).digest("hex").slice(0, 12);
  return { id, ...stable };
}

/** Processes waiting or running, averaged over the last minute, this program's own included. */
export async function loadAverage(): Promise<number | null> {
  // Windows keeps no load average; Deno then says 0.
  return await allowed("loadavg", () => Deno.build.os === "windows" ? null : Deno.loadavg()[0] ?? null);
}

/** Reads a fact if the permission for it was given; never asks for it. */
async function allowed<T>(kind: Deno.SysPermissionDescriptor["kind"] & string, read: () => T): Promise<T | null> {
  const { state } = await Deno.permissions.query({ name: "sys", kind });
  return state === "granted" ? read() : null;
}
