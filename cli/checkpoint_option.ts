/** --checkpoint-every of the commands that train. @module */

import { number } from "./kinds.ts";
import { value } from "./options.ts";

/** Results do not depend on it. */
export const checkpointOption = {
  checkpointEvery: value(
    "--checkpoint-every",
    number({ above: 0, max: 86400 }),
    "Seconds from one checkpoint to the next, which a killed run goes on from",
    300,
  ),
};
