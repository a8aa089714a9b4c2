/** What the journals of a run's attempts come to. @module */

import { join } from "node:path";
import { type JournalEvent, readJournal } from "./journal.ts";
import { findRunFolders, listAttempts } from "./output_folder.ts";
import { type PlannedRun, runName } from "./run_config.ts";

/** An event and the folder of the attempt that wrote it. */
export interface AttemptEvent {
  readonly event: JournalEvent;
  readonly attempt: string;
}

/**
 * Events of all attempts in order. Each attempt says how many events of those before it found, so that what a program adds
 * that was taken for dead counts for nothing, and it voids what they did after the step that it began from.
 *
 * @throws {Error} When a journal is damaged.
 */
export async function readAttempts(out: string, planned: PlannedRun): Promise<AttemptEvent[]> {
  let events: AttemptEvent[] = [];
  for (const name of await findRunFolders(out, runName(planned))) {
    for (const added of await readFolder(join(out, "runs", name))) {
      const [start] = added;
      if (start?.event.event !== "attempt") continue;
      const { fromStep } = start.event;
      events = [...events.filter(({ event }) => survives(event, fromStep)), ...added];
    }
  }
  return events;
}

/** The events of a folder's attempts, those left out that came after a later attempt had begun. */
async function readFolder(folder: string): Promise<AttemptEvent[][]> {
  const numbers = await listAttempts(folder), limits = new Map<number, number>();
  const journals = await Promise.all(numbers.map((number) => readIfThere(join(folder, `attempt-${number}`))));
  for (const start of journals.flatMap(([first]) => first?.event === "attempt" ? [first] : [])) {
    for (const { attempt, events } of start.earlier) {
      limits.set(attempt, Math.min(events, limits.get(attempt) ?? events));
    }
  }
  return journals.map((events, i) => {
    const attempt = join(folder, `attempt-${numbers[i]}`);
    return events.slice(0, limits.get(numbers[i]!)).map((event) => ({ event, attempt }));
  });
}

async function readIfThere(attempt: string): Promise<JournalEvent[]> {
  try {
    return await readJournal(join(attempt, "events.jsonl"));
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return [];
    throw error;
  }
}

function survives(event: JournalEvent, fromStep: number): boolean {
  if (event.event === "attempt" || event.event === "end") return true;
  if (event.event === "point" || event.event === "alarm") return event.point.step <= fromStep;
  if (event.event === "weights") return event.step <= fromStep;
  return event.event === "warning" && fromStep > 0;
}
