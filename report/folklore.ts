/** What each method is said to cost per optimizer step, in natural training steps, so that the measured ratio can stand
 *  beside it: natural 1, FGSM and FGSM-RS 2 (one pass for the attack, one for the weights), PGD-K K + 1 (Madry et al.
 *  2018, arXiv:1706.06083), YOPO-m-n about m (Zhang et al. 2019, arXiv:1905.00877, section 4). @module */

/** Cost in natural steps that is commonly quoted for a method's registry name; null where nothing is. */
export function folkloreCost(method: string): number | null {
  if (method === "natural") return 1;
  if (method === "fgsm" || method === "fgsm-rs") return 2;
  const pgd = /^pgd-(\d+)$/.exec(method);
  if (pgd) return Number(pgd[1]) + 1;
  const yopo = /^yopo-(\d+)-\d+$/.exec(method);
  if (yopo) return Number(yopo[1]);
  return null;
}
