/** Names for the attacks of one evaluation: short, told apart, and the same in its text and its picture. @module */

import type { EvaluationRecord } from "../bench/evaluation_record.ts";
import { titleOfAttack } from "./attack_of.ts";

/** The attacks' names as plain text, by key, in the order of the report: "PGD-50", or "PGD-50 (attack 2)" where two share
 *  it. A key that only the curve has comes after those of the table. */
export function evaluationNames(record: Pick<EvaluationRecord, "attacks" | "robust" | "curve">): Map<string, string> {
  const keys = [...new Set([...record.robust, ...record.curve].map(({ attack }) => attack))];
  const titles = keys.map((key) => titleOfAttack(record, key));
  return new Map(keys.map((key, index) => {
    const title = titles[index] ?? key;
    const shared = titles.filter((other) => other === title).length > 1;
    return [key, shared ? `${title} (attack ${index + 1})` : title];
  }));
}
