/** What makes the judgements of a run doubtful, written down once and not at each evaluation. @module */

import type { Warning } from "./result.ts";
import type { Run } from "./run_state.ts";

export class Doubts {
  #run: Run;
  #told = new Set<string>();

  constructor(run: Run) {
    this.#run = run;
  }

  /** What was told, for a checkpoint. */
  save(): string[] {
    return [...this.#told];
  }

  restore(told: readonly string[]): void {
    this.#told = new Set(told);
  }

  /** On the cadence, where the same fault comes again and again: each kind once. */
  tellKinds(step: number, warnings: readonly Warning[]): void {
    for (const warning of warnings) this.#tell(step, warning, warning.code);
  }

  /** At the end, where each of the kept weights counts: each message once. */
  tellAll(step: number, warnings: readonly Warning[]): void {
    for (const warning of warnings) this.#tell(step, warning, `${warning.code} ${warning.message}`);
  }

  #tell(step: number, { code, message, advice }: Warning, told: string): void {
    if (this.#told.has(told)) return;
    this.#told.add(told);
    this.#run.host.journal({
      event: "warning",
      warning: { code, message: `weights of step ${step}: ${message}`, advice },
    });
  }
}
