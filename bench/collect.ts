/** From a results folder to result.json: everything is read from suite.json and the journals, and from nothing else. @module */

import type { JournalEvent } from "./journal.ts";
import { readStoredSuite, type StoredSuite } from "./output_folder.ts";
import { findPaper } from "./paper.ts";
import { readAttempts } from "./read_attempts.ts";
import type { Machine, Result, RunRecord } from "./result.ts";
import {
  attacksByKey,
  attacksOf,
  describeAttacks,
  engineKey,
  evaluationId,
  type PlannedRun,
  planRuns,
} from "./run_config.ts";
import type { Suite } from "./suite.ts";
import { pointsOnCadence, timesToTargets } from "./targets.ts";
import { warnOfUnlike } from "./unlike_machines.ts";
import { canonicalHash } from "./canonical.ts";

type EventOf<Kind extends JournalEvent["event"]> = Extract<JournalEvent, { event: Kind }>;

/**
 * The result of a folder as far as it has come.
 *
 * @throws {UsageError} When the folder holds no suite. @throws {Error} When a journal is damaged.
 */
export async function collectResult(out: string): Promise<Result> {
  const stored = await readStoredSuite(out);
  const machines = new Map<string, Machine>();
  const runs: CollectedRun[] = [];
  for (const planned of planRuns(stored.suite)) runs.push(await collectRun(out, stored.suite, planned, machines));
  return {
    schema: "yopo-bench/result@1",
    suite: await describeSuite(stored, runs),
    created: stored.created,
    tool: stored.tool,
    machines: [...machines.values()],
    attacks: describeAttacks(
      attacksByKey(stored.suite.threat, attacksOf(stored.suite)).values(),
    ),
    runs: runs.map(({ record }) => record),
  };
}

async function describeSuite(
  { suite, command }: StoredSuite,
  runs: readonly CollectedRun[],
): Promise<Result["suite"]> {
  const { threat, evaluation, final, strong, name, title, description, seeds, targets } = suite;
  const splits = runs.flatMap((run) => run.splits ?? [])[0] ?? { evaluation: "validation", final: final.split };
  const [attack] = attacksByKey(threat, [evaluation.attack]).keys();
  const attacks = [...attacksByKey(threat, final.attacks).keys()];
  return {
    ...{ name, title, description, command, seeds, targets, threat },
    scaled: suite.scaled ?? null,
    paper: suite.paper === undefined ? null : await findPaper(suite.paper),
    sha256: canonicalHash(suite),
    evaluation: {
      everyExamples: evaluation.everyExamples,
      count: evaluation.count,
      split: splits.evaluation,
      attack: attack!,
    },
    final: { count: final.count, split: splits.final, attacks },
    strong: strong && { attack: [...attacksByKey(threat, [strong.attack]).keys()][0]!, count: strong.count },
  };
}

/** A run's record, and the names of the splits that it judged. */
interface CollectedRun {
  readonly record: RunRecord;
  readonly splits: EventOf<"data">["splits"] | null;
}

async function collectRun(
  out: string,
  suite: Suite,
  planned: PlannedRun,
  machines: Map<string, Machine>,
): Promise<CollectedRun> {
  const events = (await readAttempts(out, planned)).map(({ event }) => event);
  for (const { machine } of all(events, "attempt")) machines.set(machine.id, machine);
  const engine = last(events, "engine"), data = last(events, "data"), end = endOf(events);
  const points = lastOfEach(all(events, "point").map((event) => event.point), ({ step }) => step);
  const [attack] = attacksByKey(suite.threat, [suite.evaluation.attack]).keys();
  const record: RunRecord = {
    id: planned.id,
    engineKey: engine?.engine ? engineKey(engine.engine) : "",
    evaluationId: evaluationId(suite),
    label: planned.label,
    methodLabel: planned.methodLabel,
    note: planned.note,
    preset: planned.preset,
    seed: planned.seed,
    config: planned.config,
    engine: engine?.engine ?? null,
    attempts: describeAttempts(events),
    status: end?.status ?? (events.length === 0 ? "planned" : "interrupted"),
    message: end
      ? end.message
      : events.length === 0
      ? null
      : "the journal has no end: the process was killed or is still at work",
    warnings: [
      ...lastOfEach(all(events, "warning").map((event) => event.warning), ({ code, message }) => code + message),
      ...warnOfUnlike(all(events, "attempt").map(({ machine }) => machine)),
    ],
    peakMemoryBytes: end?.peakMemoryBytes ?? null,
    parameters: data?.parameters ?? null,
    counts: data?.counts ?? null,
    totalSteps: data?.totalSteps ?? null,
    points,
    alarm: lastOfEach(all(events, "alarm").map((event) => event.point), ({ step }) => step),
    final: {
      last: finalRow(events, "last"),
      bestValidation: finalRow(events, "best"),
      crossings: lastOfEach(all(events, "weights"), ({ kind, target }) => `${kind} ${target}`).flatMap(
        ({ kind, target, step, weightsSha256 }) => {
          if (kind !== "crossing" || target === null) return [];
          return [{ target, step, weightsSha256, judged: finalRow(events, "crossing", target) }];
        },
      ),
    },
    cost: end?.cost ?? null,
    timeTo: timesToTargets(pointsOnCadence(points, suite.evaluation.everyExamples), attack!, suite.targets),
    weightsSha256: all(events, "weights").findLast((event) => event.kind === "last")?.weightsSha256 ?? null,
    dataSha256: data?.dataSha256 ?? null,
  };
  return { record, splits: data?.splits ?? null };
}

/** An attempt that goes on may say again what the one before said; the last word counts, in the first one's place. */
function lastOfEach<T>(items: readonly T[], key: (item: T) => unknown): T[] {
  return [...new Map(items.map((item) => [key(item), item])).values()];
}

function all<Kind extends JournalEvent["event"]>(events: readonly JournalEvent[], kind: Kind): EventOf<Kind>[] {
  return events.filter((event): event is EventOf<Kind> => event.event === kind);
}

function last<Kind extends JournalEvent["event"]>(
  events: readonly JournalEvent[],
  kind: Kind,
): EventOf<Kind> | undefined {
  return all(events, kind).at(-1);
}

/** The end of the newest attempt. */
function endOf(events: readonly JournalEvent[]): EventOf<"end"> | undefined {
  const newest = events.findLastIndex((event) => event.event === "attempt");
  return last(events.slice(newest), "end");
}

function finalRow(
  events: readonly JournalEvent[],
  which: EventOf<"final">["which"],
  target: number | null = null,
): RunRecord["final"]["last"] {
  const found = all(events, "final").findLast((event) => event.which === which && event.target === target);
  if (!found) return null;
  const { step, split, weightsSha256, clean, robust } = found;
  return { step, split, weightsSha256, clean, robust };
}

/** The attempts, each with the load of its end where it came to one. */
function describeAttempts(events: readonly JournalEvent[]): RunRecord["attempts"] {
  const attempts: RunRecord["attempts"] = [];
  for (const event of events) {
    if (event.event === "attempt") {
      const { attempt, machine, fromStep, startedAt, lostSeconds, downSeconds, loadAverage } = event;
      attempts.push({
        ...{ attempt, machine: machine.id, fromStep, startedAt, lostSeconds, downSeconds },
        loadAverageAtStart: loadAverage,
        loadAverageAtEnd: null,
      });
    }
    if (event.event === "end") attempts.at(-1)!.loadAverageAtEnd = event.loadAverage;
  }
  return attempts;
}
