/** From a results folder to result.json: everything is read from suite.json and the journals, and from nothing else. @module */

import { join } from "node:path";
import { type JournalEvent, readJournal } from "./journal.ts";
import { findRunFolders, listAttempts, readStoredSuite, type StoredSuite } from "./output_folder.ts";
import type { Machine, Result, RunRecord } from "./result.ts";
import { attackKey, attacksByKey, engineKey, evaluationId, type PlannedRun, planRuns, runName } from "./run_config.ts";
import type { Suite } from "./suite.ts";
import { timesToTargets } from "./targets.ts";
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
  const runs = await Promise.all(
    planRuns(stored.suite).map((planned) => collectRun(out, stored.suite, planned, machines)),
  );
  return {
    schema: "yopo-bench/result@1",
    suite: describeSuite(stored, runs),
    created: stored.created,
    tool: stored.tool,
    machines: [...machines.values()],
    attacks: describeAttacks(stored.suite),
    runs,
  };
}

function describeSuite({ suite, command }: StoredSuite, runs: readonly RunRecord[]): Result["suite"] {
  const [attack] = attacksByKey(suite.threat, [suite.evaluation.attack]).keys();
  const finalSplit = runs.flatMap((run) => run.final.last?.split ?? [])[0] ?? "final";
  return {
    name: suite.name,
    title: suite.title,
    description: suite.description,
    sha256: canonicalHash(suite),
    command,
    seeds: suite.seeds,
    targets: suite.targets,
    threat: suite.threat,
    evaluation: {
      everyExamples: suite.evaluation.everyExamples,
      count: suite.evaluation.count,
      split: "validation",
      attack: attack!,
    },
    final: {
      count: suite.final.count,
      split: finalSplit,
      attacks: [...attacksByKey(suite.threat, suite.final.attacks).keys()],
    },
  };
}

function describeAttacks(suite: Suite): Result["attacks"] {
  const attacks = attacksByKey(suite.threat, [suite.evaluation.attack, ...suite.final.attacks]).values();
  return Object.fromEntries([...attacks].map((attack) => {
    return [attackKey(attack), { name: attack.name, label: attack.label, resolved: { ...attack.resolved } }];
  }));
}

async function collectRun(
  out: string,
  suite: Suite,
  planned: PlannedRun,
  machines: Map<string, Machine>,
): Promise<RunRecord> {
  const events = await readAttempts(out, planned);
  for (const { machine } of all(events, "attempt")) machines.set(machine.id, machine);
  const engine = last(events, "engine"), data = last(events, "data"), end = endOf(events);
  const points = all(events, "point").map((event) => event.point);
  const [attack] = attacksByKey(suite.threat, [suite.evaluation.attack]).keys();
  return {
    id: planned.id,
    engineKey: engine?.engine ? engineKey(engine.engine) : "",
    evaluationId: evaluationId(suite),
    label: planned.label,
    methodLabel: planned.methodLabel,
    note: planned.note,
    seed: planned.seed,
    config: planned.config as RunRecord["config"],
    engine: engine?.engine ?? null,
    attempts: all(events, "attempt").map(({ attempt, machine, fromStep, startedAt }) => {
      return { attempt, machine: machine.id, fromStep, startedAt };
    }),
    status: end?.status ?? (events.length === 0 ? "planned" : "interrupted"),
    message: end
      ? end.message
      : events.length === 0
      ? null
      : "the journal has no end: the process was killed or is still at work",
    warnings: all(events, "warning").map((event) => event.warning),
    peakMemoryBytes: end?.peakMemoryBytes ?? null,
    parameters: data?.parameters ?? null,
    counts: data?.counts ?? null,
    totalSteps: data?.totalSteps ?? null,
    points,
    final: { last: finalRow(events, "last"), bestValidation: finalRow(events, "best") },
    cost: end?.cost ?? null,
    timeTo: timesToTargets(points, attack!, suite.targets),
    weightsSha256: all(events, "weights").findLast((event) => event.kind === "last")?.weightsSha256 ?? null,
    dataSha256: data?.dataSha256 ?? null,
  };
}

/** Events of all attempts in order; each attempt voids what earlier ones did after the step that it began from. */
async function readAttempts(out: string, planned: PlannedRun): Promise<JournalEvent[]> {
  let events: JournalEvent[] = [];
  for (const name of await findRunFolders(out, runName(planned))) {
    const folder = join(out, "runs", name);
    for (const number of await listAttempts(folder)) {
      const added = await readJournal(join(folder, `attempt-${number}`, "events.jsonl")).catch((error: Error) => {
        if (error instanceof Deno.errors.NotFound) return [];
        throw error;
      });
      const [start] = all(added, "attempt");
      if (start) events = [...events.filter((event) => survives(event, start.fromStep)), ...added];
    }
  }
  return events;
}

function survives(event: JournalEvent, fromStep: number): boolean {
  if (event.event === "attempt") return true;
  if (event.event === "point") return event.point.step <= fromStep;
  if (event.event === "weights") return event.step <= fromStep;
  return event.event === "warning" && fromStep > 0;
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

function finalRow(events: readonly JournalEvent[], which: "last" | "best"): RunRecord["final"]["last"] {
  const found = all(events, "final").findLast((event) => event.which === which);
  if (!found) return null;
  const { step, split, weightsSha256, clean, robust } = found;
  return { step, split, weightsSha256, clean, robust };
}
