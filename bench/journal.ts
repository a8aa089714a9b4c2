/** The journal of one attempt: events.jsonl, one JSON object a line, appended and flushed as things happen. The result
 *  is derived from journals and from nothing else. Each line ends with a sum of itself and of the lines before, so that
 *  one that was changed, lost or repeated is seen. @module */

import { createHash } from "node:crypto";
import { z } from "zod";
import { writeFailure } from "../files/explain_write.ts";
import { alarmPointSchema, finalRowSchema, machineSchema, pointSchema, runSchema, warningSchema } from "./result.ts";

const seconds = z.number().min(0);

const eventSchema = z.discriminatedUnion("event", [
  z.strictObject({
    event: z.literal("attempt"),
    attempt: z.int(),
    fromStep: z.int(),
    trainSeconds: seconds,
    startedAt: z.string(),
    earlier: z.array(z.strictObject({ attempt: z.int(), events: z.int() })).default([])
      .describe("how many events of each earlier attempt count; what a writer adds later is read by nobody"),
    lostSeconds: seconds.nullable().default(null).describe("training after the checkpoint that was lost"),
    downSeconds: seconds.nullable().default(null).describe("from the last sign of the attempt before to this one"),
    loadAverage: z.number().nullable(),
    machine: machineSchema,
  }),
  z.strictObject({ event: z.literal("engine"), engine: runSchema.shape.engine, warmUpSeconds: seconds }),
  z.strictObject({
    event: z.literal("data"),
    dataSha256: z.string(),
    counts: z.strictObject({ train: z.int(), validation: z.int(), final: z.int() }),
    splits: z.strictObject({ evaluation: z.string(), final: z.string() }),
    totalSteps: z.int(),
    parameters: z.int(),
  }),
  z.strictObject({ event: z.literal("point"), point: pointSchema }),
  z.strictObject({ event: z.literal("alarm"), point: alarmPointSchema }),
  z.strictObject({
    event: z.literal("weights"),
    kind: z.enum(["last", "best", "crossing"]),
    target: z.number().nullable().describe("the target that was crossed"),
    step: z.int(),
    weightsSha256: z.string(),
  }),
  z.strictObject({
    event: z.literal("final"),
    which: z.enum(["last", "best", "crossing"]),
    target: z.number().nullable().default(null).describe("the target that was crossed"),
    ...finalRowSchema.shape,
  }),
  z.strictObject({ event: z.literal("warning"), warning: warningSchema }),
  z.strictObject({
    event: z.literal("end"),
    status: z.enum(["completed", "diverged", "failed", "interrupted"]),
    message: z.string().nullable(),
    peakMemoryBytes: z.number().nullable(),
    loadAverage: z.number().nullable(),
    cost: runSchema.shape.cost,
  }),
]);

export type JournalEvent = z.infer<typeof eventSchema>;

/** Appends events to `path`, each line on the disk before the next begins. */
export class Journal {
  #path: string;
  #file: Deno.FsFile;
  #length = 0;
  #sum = "";

  /** @throws {Deno.errors.AlreadyExists} When another attempt owns the file. */
  constructor(path: string) {
    this.#path = path;
    this.#file = Deno.openSync(path, { write: true, createNew: true });
  }

  /** @throws {Error} When the disk refuses; what was written of the line is taken back. */
  append(event: JournalEvent): void {
    const { text, sum } = lineOf(event, this.#sum), line = new TextEncoder().encode(text);
    try {
      for (let written = 0; written < line.length;) written += this.#file.writeSync(line.subarray(written));
      this.#file.syncDataSync();
      this.#length += line.length;
      this.#sum = sum;
    } catch (error) {
      this.#file.truncateSync(this.#length);
      this.#file.seekSync(this.#length, Deno.SeekMode.Start);
      throw writeFailure(this.#path, error);
    }
  }

  close(): void {
    this.#file.close();
  }
}

/**
 * Events of a journal; a last line without its line end was cut off by a crash and is left out.
 *
 * @throws {Error} When a complete line is not an event: the file, the line number and why.
 */
export async function readJournal(path: string): Promise<JournalEvent[]> {
  return parseJournal(await Deno.readTextFile(path), path);
}

/** How many events a journal holds by now; 0 where there is none. */
export async function countEvents(path: string): Promise<number> {
  try {
    return (await Deno.readTextFile(path)).split("\n").length - 1;
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return 0;
    throw error;
  }
}

/** The same of a journal's text. */
export function parseJournal(text: string, path: string): JournalEvent[] {
  const lines = text.split("\n").slice(0, -1);
  let before = "";
  return lines.map((line, index) => {
    try {
      const [, body, sum] = /^(.*),"sum":"([0-9a-f]{16})"\}$/.exec(line) ?? [];
      if (body === undefined || sumOf(before, `${body}}`) !== sum) {
        throw new Error("it was changed after it was written");
      }
      before = sum;
      return eventSchema.parse(JSON.parse(`${body}}`));
    } catch (error) {
      const reason = error instanceof z.ZodError ? error.issues[0]?.message : (error as Error).message;
      throw new Error(
        `Cannot read ${path}: line ${
          index + 1
        } is not a journal event: ${reason}; move the attempt's folder away to run it again`,
        { cause: error },
      );
    }
  });
}

/** A journal's text. */
export function serializeEvents(events: readonly JournalEvent[]): string {
  let before = "";
  return events.map((event) => {
    const { text, sum } = lineOf(event, before);
    before = sum;
    return text;
  }).join("");
}

function lineOf(event: JournalEvent, before: string): { readonly text: string; readonly sum: string } {
  const body = JSON.stringify(event), sum = sumOf(before, body);
  return { text: `${body.slice(0, -1)},"sum":"${sum}"}\n`, sum };
}

function sumOf(before: string, body: string): string {
  return createHash("sha256").update(before).update(body).digest("hex").slice(0, 16);
}
