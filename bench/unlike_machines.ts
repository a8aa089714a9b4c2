/** Machines whose times must not be put together. @module */

import { canonicalHash } from "./canonical.ts";
import type { Machine, Warning } from "./result.ts";

/** Equal for machines that are alike in what times depend on; versions of the software are told apart by engine keys. */
export function hardwareKey({ cpu, cores, gpu, os, arch }: Machine): string {
  return canonicalHash({ cpu, cores, gpu, os, arch });
}

/** A warning for a run whose attempts were on machines that are not alike; none otherwise. */
export function warnOfUnlike(machines: readonly Machine[]): Warning[] {
  const kinds = new Map(machines.map((machine) => [hardwareKey(machine), machine]));
  if (kinds.size < 2) return [];
  const names = [...kinds.values()].map(({ cpu, arch, cores }) => `${cpu ?? arch} (${cores ?? "?"} cores)`);
  return [{
    code: "unlike-machines",
    message: `the run's attempts were on machines that are not alike: ${names.join(", ")}`,
    advice: "its weights and accuracies hold; compare its times with nothing",
  }];
}
