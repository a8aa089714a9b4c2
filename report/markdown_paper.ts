/** The Markdown report's section that sets the paper's figures beside the measured ones. @module */

import type { Result } from "../bench/result.ts";
import { formatRatio, NONE } from "./format.ts";
import { timeTables } from "./markdown_paper_time.ts";
import { escapeMarkdown, list, table } from "./markdown_text.ts";
import { type Claim, LEAST_SEEDS, paperClaims } from "./paper_claims.ts";
import { formatMeasured, formatPublished } from "./paper_format.ts";
import type { Paper, Reason } from "./paper_reasons.ts";

const RULES = [
  "Measured: mean ± standard deviation over the completed seeds, of the last weights.",
  "Confirmed: attack, data and schedule are the paper's, at least " +
  `${LEAST_SEEDS} seeds completed, and the paper's figure lies within one percentage point or two standard deviations ` +
  "over the seeds, whichever is more, of their mean. Not confirmed: all that, but it lies further off. Not comparable: " +
  "for the reasons behind the letters.",
];

/** Empty where the suite repeats no table of the paper. */
export function paperSection(result: Result): string {
  const { paper } = result.suite;
  if (!paper) return "";
  const claims = paperClaims(result);
  const sources = [...claimLines(paper), sourceLine(paper)];
  const parts = [
    `## Paper against measured\n\n${escapeMarkdown(paper.title)} (${escapeMarkdown(paper.reference)}).`,
    figureTable(result, paper, claims),
    list([...sources, ...RULES]),
    verdictTable(paper, claims),
    timeTables(result),
  ];
  return parts.filter((part) => part !== "").join("\n\n");
}

/** One row per row of the paper, with cells for each quantity that some row has. */
function rowsOf(
  paper: Paper,
  claims: readonly Claim[],
  of: { none: readonly string[]; cells: (claim: Claim) => readonly string[] },
): string[][] {
  return paper.rows.map(({ run }) => [
    `**${escapeMarkdown(run)}**`,
    ...quantitiesOf(claims).flatMap((quantity) => {
      const claim = claims.find((candidate) => candidate.run === run && candidate.quantity === quantity);
      return claim ? of.cells(claim) : of.none;
    }),
  ]);
}

function quantitiesOf(claims: readonly Claim[]): string[] {
  return [...new Set(claims.map(({ quantity }) => quantity))];
}

function heading(quantity: string): string {
  return escapeMarkdown(quantity.charAt(0).toUpperCase() + quantity.slice(1));
}

function figureTable({ runs }: Result, paper: Paper, claims: readonly Claim[]): string {
  const columns = quantitiesOf(claims).flatMap((quantity) => [
    { heading: `${heading(quantity)}: paper`, numeric: true },
    { heading: "measured", numeric: true },
  ]);
  const cells = (claim: Claim) => [formatPublished(claim), formatMeasured(claim)];
  const rows = rowsOf(paper, claims, { none: [NONE, NONE], cells }).map(([name = "", ...figures], index) => {
    const ours = runs.filter(({ label }) => label === paper.rows[index]?.run);
    return [name, `${ours.filter(({ status }) => status === "completed").length} of ${ours.length}`, ...figures];
  });
  return table([{ heading: "Run" }, { heading: "Completed seeds", numeric: true }, ...columns], rows);
}

/** Verdicts under the same headings, their reasons as letters that a list below explains. */
function verdictTable(paper: Paper, claims: readonly Claim[]): string {
  const texts = [...new Set(claims.flatMap(({ reasons }) => reasons.map(reasonText)))];
  const cells = ({ verdict, reasons }: Claim) => {
    const letters = reasons.map((reason) => letterOf(texts.indexOf(reasonText(reason)))).sort(byLength);
    return [letters.length === 0 ? `**${verdict}**` : `${verdict} (${letters.join(", ")})`];
  };
  const columns = quantitiesOf(claims).map((quantity) => ({ heading: heading(quantity) }));
  const legend = texts.map((text, index) => `**${letterOf(index)}** ${escapeMarkdown(text)}`);
  return table([{ heading: "Run" }, ...columns], rowsOf(paper, claims, { none: [NONE], cells })) +
    (legend.length === 0 ? "" : `\n\n${list(legend)}`);
}

function reasonText({ code, detail }: Reason): string {
  return `${code}: ${detail}`;
}

/** a to z, then aa, ab, … */
function letterOf(index: number): string {
  const letter = String.fromCharCode(97 + index % 26);
  return index < 26 ? letter : letterOf(Math.floor(index / 26) - 1) + letter;
}

function byLength(one: string, other: string): number {
  return one.length - other.length || (one < other ? -1 : 1);
}

function claimLines({ claims }: Paper): string[] {
  return claims.map(({ text, source, fromMemory, factors }) => {
    const parts = factors.map(({ value, what }) => `${formatRatio(value)} from ${escapeMarkdown(what)}`);
    const memory = fromMemory ? ", from memory" : "";
    return `The paper's claim: ${escapeMarkdown(text)} (${escapeMarkdown(source)}${memory})` +
      (parts.length === 0 ? "." : `; it is ${parts.join(" and ")}.`);
  });
}

/** Where the figures come from, and what the paper's times were measured on. */
function sourceLine({ rows, hardware }: Paper): string {
  const figures = rows.flatMap(({ clean, robust, minutes, reached }) =>
    [clean, ...robust, minutes, reached].filter((figure) => figure !== null)
  );
  const kinds = [true, false].flatMap((fromMemory) => {
    const kind = figures.filter((figure) => figure.fromMemory === fromMemory);
    return kind.length === 0
      ? []
      : [`${kind.length} ${fromMemory ? "quoted from memory of the paper" : "read from their source"}`];
  });
  const timed = rows.some(({ minutes, reached }) => minutes !== null || reached !== null);
  const machine = hardware === null || !timed ? "" : ` Its times are of: ${escapeMarkdown(hardware)}.`;
  return `The paper's figures: ${kinds.join(", ")}; each with its source in suites/paper.json.${machine}`;
}
