/** The tensors of a state_dict by their first names: wrappers' prefixes are dropped, counters and unused layers left out, and
 *  names of the same tensor joined. @module */

import type { StoredTensor } from "../safetensors.ts";
import type { PublicNames } from "./names.ts";

/** A tensor and the name that its file gives it. */
export interface Found {
  readonly name: string;
  readonly tensor: StoredTensor;
}

/** Mean and deviation by channel of a normalising module in front of the network. */
export interface FoundNormalization {
  readonly mean?: Found;
  readonly deviation?: Found;
}

const PREFIXES = /^(?:module\.|model\.)+/;
const MEAN = /^(?:normalize\.|normalizer\.|normalization\.)?(?:mean|mu)$/;
const DEVIATION = /^(?:normalize\.|normalizer\.|normalization\.)?(?:std|sigma)$/;

/** What DataParallel ("module.") and common wrappers ("model.") put before a name, dropped. */
export function withoutPrefix(name: string): string {
  return name.replace(PREFIXES, "");
}

/**
 * The tensors by first name, and those of a normalising module apart.
 *
 * @param from What holds the tensors, for the message.
 * @throws {RangeError} When two names of one tensor hold different values.
 */
export function collectTensors(
  tensors: ReadonlyMap<string, StoredTensor>,
  names: PublicNames,
  from: string,
): { found: ReadonlyMap<string, Found>; normalization: FoundNormalization } {
  const found = new Map<string, Found>();
  let normalization: FoundNormalization = {};
  for (const [name, tensor] of tensors) {
    const bare = withoutPrefix(name);
    if (MEAN.test(bare)) normalization = { ...normalization, mean: { name, tensor } };
    else if (DEVIATION.test(bare)) normalization = { ...normalization, deviation: { name, tensor } };
    else if (!bare.endsWith(".num_batches_tracked")) {
      const first = names.canonical(bare);
      if (first === null) continue;
      const before = found.get(first);
      if (before === undefined) found.set(first, { name, tensor });
      else if (!isEqual(before.tensor, tensor)) {
        const both = `${JSON.stringify(before.name)} and ${JSON.stringify(name)}`;
        throw new RangeError(
          `Cannot use ${from}: its tensors ${both} are one layer's in ${names.className} but differ`,
        );
      }
    }
  }
  return { found, normalization };
}

function isEqual(a: StoredTensor, b: StoredTensor): boolean {
  return a.dtype === b.dtype && a.shape.join() === b.shape.join() &&
    a.values.every((value, i) => value === b.values[i]);
}
