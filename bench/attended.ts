/** A network that is seen to be at work: one attack on a large batch may take hours, and who watches takes silence for a
 *  fault. @module */

import type { Classifier } from "../attacks/attack.ts";

const EVERY_MILLISECONDS = 30_000;

/** The network; `tell` is called now and then while it answers. */
export function attended(model: Classifier, tell: () => void, now = () => performance.now()): Classifier {
  let last = now();
  return {
    ...model,
    logits(x) {
      if (now() - last >= EVERY_MILLISECONDS) {
        last = now();
        tell();
      }
      return model.logits(x);
    },
  };
}

/** Progress of an evaluation that can be told again. */
export class EvaluationProgress {
  #send: (what: string, done: number, total: number) => void;
  #latest: [what: string, done: number, total: number] | undefined;

  constructor(send: (what: string, done: number, total: number) => void) {
    this.#send = send;
  }

  tell = (...progress: [what: string, done: number, total: number]): void => {
    this.#latest = progress;
    this.#send(...progress);
  };

  again = (): void => {
    if (this.#latest) this.#send(...this.#latest);
  };
}
