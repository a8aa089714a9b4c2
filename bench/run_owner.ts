/** One writer a run. Whoever works on a run owns its newest attempt: the folder is created exclusively with owner.json in
 *  it, which counts on while its owner lives. On one host a file lock tells at once that an owner has died; an owner
 *  elsewhere is taken for dead when its count has stood still for a lease on the observer's own monotonic clock. No check
 *  can stop a writer that sleeps, so each attempt writes into its own folder only, and readers take the newest (Gray and
 *  Cheriton 1989 on leases; Lamport's fencing by number). @module */

import { join } from "node:path";
import { z } from "zod";
import { explainWrite } from "../files/explain_write.ts";
import { listAttempts } from "./output_folder.ts";

/** An owner elsewhere that has not counted for this long is taken for dead. */
export const LEASE_SECONDS = 60;
const BEAT_SECONDS = 5;
const OWNER_FILE = "owner.json";
/** The file is rewritten in place, always as long. */
const FILE_BYTES = 512;

const ownerSchema = z.strictObject({
  owner: z.string().describe("random id"),
  host: z.string().nullable(),
  process: z.int(),
  count: z.int(),
  at: z.string(),
  trainSeconds: z.number(),
  released: z.boolean(),
});

/** What owner.json holds. */
export type OwnerRecord = z.infer<typeof ownerSchema>;

/** Owns an attempt until it is disposed of. */
export class RunOwner implements AsyncDisposable {
  readonly attempt: number;
  /** The attempt's folder. */
  readonly path: string;
  /** How far training has come, for the record of what a crash cost. */
  trainSeconds = 0;
  #folder: string;
  #file: Deno.FsFile;
  #record: Omit<OwnerRecord, "at" | "trainSeconds" | "released">;
  #lost = new AbortController();
  #writing: Promise<void> = Promise.resolve();
  #timer: ReturnType<typeof setInterval>;

  private constructor(folder: string, attempt: number, file: Deno.FsFile, record: OwnerRecord, beatSeconds: number) {
    this.#folder = folder;
    this.attempt = attempt;
    this.path = join(folder, `attempt-${attempt}`);
    this.#file = file;
    this.#record = record;
    this.#timer = setInterval(() => this.#beat(), beatSeconds * 1000);
  }

  /**
   * Creates the next attempt and owns it.
   *
   * @param folder The run's.
   * @returns null where another program was faster.
   */
  static async create(folder: string, beatSeconds: number = BEAT_SECONDS): Promise<RunOwner | null> {
    return await explainWrite(folder, async () => {
      await Deno.mkdir(folder, { recursive: true });
      const attempt = ((await listAttempts(folder)).at(-1) ?? 0) + 1, owner = crypto.randomUUID();
      // The attempt appears with its owner in it, at once or not at all: a folder is not renamed onto one that holds files.
      const prepared = join(folder, `.attempt-${owner}`);
      await Deno.mkdir(join(prepared, "weights"), { recursive: true });
      const file = await Deno.open(join(prepared, OWNER_FILE), { createNew: true, write: true });
      try {
        await file.lock(true);
        const record = { owner, host: await hostName(), process: Deno.pid, count: 0, ...now(0), released: false };
        await writeRecord(file, record);
        if (!await renameNew(prepared, join(folder, `attempt-${attempt}`))) {
          file.close();
          await Deno.remove(prepared, { recursive: true });
          return null;
        }
        return new RunOwner(folder, attempt, file, record, beatSeconds);
      } catch (error) {
        file.close();
        throw error;
      }
    });
  }

  /** Aborts when another program has taken the run over; what is still written is read by nobody. */
  get lost(): AbortSignal {
    return this.#lost.signal;
  }

  #beat(): void {
    this.#write(false);
    this.#writing = this.#writing.then(async () => {
      const newest = (await listAttempts(this.#folder)).at(-1);
      if (newest === undefined || newest > this.attempt) {
        this.#lost.abort(new Error("another program took the run over, or its folder was removed"));
      }
    });
    this.#writing.catch((error: unknown) => this.#lost.abort(error));
  }

  #write(released: boolean): void {
    this.#record.count++;
    const record = { ...this.#record, ...now(this.trainSeconds), released };
    this.#writing = this.#writing.then(() => writeRecord(this.#file, record));
  }

  /** Says that nobody works on the attempt any more. */
  async [Symbol.asyncDispose](): Promise<void> {
    clearInterval(this.#timer);
    this.#write(true);
    await this.#writing.catch(() => {}); // the lock, which is given back now, says the same
    this.#file.close();
  }
}

/** Someone who may be at work on a run. */
export interface Holder extends OwnerRecord {
  readonly attempt: number;
  /** Whether it is known to live: its lock is held on this host. Of owners elsewhere only time tells. */
  readonly isAlive: boolean;
  /** owner.json as it was read. */
  readonly text: string;
}

/** Who may be at work on the run; null where nobody is. */
export async function findHolder(folder: string): Promise<Holder | null> {
  const attempt = (await listAttempts(folder)).at(-1);
  if (attempt === undefined) return null;
  const found = await lookAt(join(folder, `attempt-${attempt}`, OWNER_FILE));
  if (found === null) return null;
  const { text, isLocked } = found, record = parseOwner(text);
  if (record.released) return null;
  const host = await hostName();
  if (!isLocked && host !== null && record.host === host) return null;
  return { ...record, attempt, isAlive: isLocked, text };
}

/** What the newest attempt below a number said last of itself; null where that cannot be read. */
export async function lastOwner(folder: string, below: number): Promise<OwnerRecord | null> {
  const attempt = (await listAttempts(folder)).findLast((number) => number < below);
  const found = attempt === undefined ? null : await lookAt(join(folder, `attempt-${attempt}`, OWNER_FILE));
  const record = found && parseOwner(found.text);
  return record?.at ? record : null;
}

/** How a run is claimed. */
export interface ClaimOptions {
  /** Wait for a live owner's end instead of giving way. */
  readonly wait: boolean;
  readonly signal: AbortSignal;
  /** Hears why it takes time. */
  readonly tell: (text: string) => void;
  /** @default {60} */
  readonly leaseSeconds?: number;
  /** @default {1} */
  readonly lookSeconds?: number;
}

/**
 * Waits until nobody works on the run.
 *
 * @returns The live owner that is given way to; null where the run is free.
 * @throws The signal's reason.
 */
export async function waitUntilFree(folder: string, options: ClaimOptions): Promise<Holder | null> {
  const { wait, signal, tell, leaseSeconds = LEASE_SECONDS, lookSeconds = 1 } = options;
  let seen: string | undefined, since = performance.now(), told = false;
  for (;;) {
    const holder = await findHolder(folder);
    if (holder === null) return null;
    const isNew = holder.text !== seen;
    if (!wait && (holder.isAlive || (isNew && seen !== undefined))) return holder;
    if (isNew) [seen, since] = [holder.text, performance.now()];
    if (performance.now() - since >= leaseSeconds * 1000) return null;
    if (!told) tell(`${describeHolder(holder)} may be at work on this run; waiting for its end, or its silence`);
    told = true;
    await pause(lookSeconds, signal);
  }
}

/** "process 12 on host node1". */
export function describeHolder({ host, process }: OwnerRecord): string {
  return `process ${process} on ${host === null ? "an unnamed host" : `host ${host}`}`;
}

async function pause(seconds: number, signal: AbortSignal): Promise<void> {
  signal.throwIfAborted();
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  const timer = setTimeout(resolve, seconds * 1000), stop = (): void => reject(signal.reason);
  signal.addEventListener("abort", stop, { once: true });
  try {
    await promise;
  } finally {
    clearTimeout(timer);
    signal.removeEventListener("abort", stop);
  }
}

function now(trainSeconds: number): Pick<OwnerRecord, "at" | "trainSeconds"> {
  return { at: new Date().toISOString(), trainSeconds };
}

async function writeRecord(file: Deno.FsFile, record: OwnerRecord): Promise<void> {
  const bytes = new TextEncoder().encode(JSON.stringify(record).padEnd(FILE_BYTES - 1) + "\n");
  await file.seek(0, Deno.SeekMode.Start);
  for (let written = 0; written < bytes.length;) written += await file.write(bytes.subarray(written));
}

/** Renames a folder to a name that must be free. @returns Whether it was. */
async function renameNew(from: string, to: string): Promise<boolean> {
  try {
    await Deno.rename(from, to);
    return true;
  } catch (error) {
    if (await Deno.stat(to).then(() => true, () => false)) return false;
    throw error;
  }
}

/** An owner's file and whether its owner holds the lock; null where there is none. */
async function lookAt(path: string): Promise<{ readonly text: string; readonly isLocked: boolean } | null> {
  try {
    using file = await Deno.open(path, { read: true });
    const isLocked = !(await file.tryLock(false));
    return { text: await Deno.readTextFile(path), isLocked };
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return null;
    throw error;
  }
}

/** A record that is being written, or was damaged, belongs to somebody whose silence must be waited for. */
function parseOwner(text: string): OwnerRecord {
  try {
    return ownerSchema.parse(JSON.parse(text));
  } catch {
    return { owner: "", host: null, process: 0, count: 0, at: "", trainSeconds: 0, released: false };
  }
}

async function hostName(): Promise<string | null> {
  const { state } = await Deno.permissions.query({ name: "sys", kind: "hostname" });
  return state === "granted" ? Deno.hostname().slice(0, 200) : null;
}
