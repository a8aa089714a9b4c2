/** The commands, in the order of --help. A new command is one file and one line here. @module */

import type { Command } from "../command.ts";
import { bench } from "./bench.ts";

export const commands: readonly Command[] = [bench];
