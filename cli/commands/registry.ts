/** The commands, in the order of --help. A new command is one file and one line here. @module */

import type { Command } from "../command.ts";
import { bench } from "./bench.ts";
import { cancel } from "./cancel.ts";
import { collect } from "./collect.ts";
import { cost } from "./cost.ts";
import { dataCheck, dataGet, dataList } from "./data.ts";
import { doctor } from "./doctor.ts";
import { evaluate } from "./evaluate.ts";
import { exportWeights } from "./export.ts";
import { list } from "./list.ts";
import { parity } from "./parity.ts";
import { report } from "./report.ts";
import { setupNative } from "./setup.ts";
import { status } from "./status.ts";
import { train } from "./train.ts";

export const commands: readonly Command[] = [
  bench,
  train,
  evaluate,
  exportWeights,
  status,
  collect,
  cancel,
  report,
  cost,
  dataList,
  dataGet,
  dataCheck,
  list,
  doctor,
  setupNative,
  parity,
];
