/** Which variables of the environment the program reads; every other one stays with the launcher's caller. @module */

import { cacheVariables } from "../data/cache_folder.ts";

/** What the second Deno itself reads: its folders, registry, proxies and certificates. */
export const inheritedVariables: readonly string[] = [
  ...["HOME", "LOCALAPPDATA", "SYSTEMROOT", "DENO_DIR", "NPM_CONFIG_REGISTRY"],
  ...["HTTPS_PROXY", "https_proxy", "NO_PROXY", "no_proxy", "DENO_CERT", "DENO_TLS_CA_STORE", "SSL_CERT_FILE"],
];

/** What programs read that a command runs: where programs are, pip's settings, and where Slurm is and who pays there. Others, such as LD_LIBRARY_PATH, Deno
 *  does not hand on to programs that are named one by one. */
export const programVariables: readonly string[] = [
  ...["PATH", "TMPDIR", "XDG_CACHE_HOME", "REQUESTS_CA_BUNDLE", "PIP_CERT", "PIP_CONFIG_FILE", "PIP_DEFAULT_TIMEOUT"],
  ...["PIP_EXTRA_INDEX_URL", "PIP_FIND_LINKS", "PIP_INDEX_URL", "PIP_NO_INDEX", "PIP_TRUSTED_HOST"],
  ...["USER", "LOGNAME", "SLURM_CONF", "SBATCH_ACCOUNT", "SBATCH_QOS", "SBATCH_RESERVATION"],
];

/** All that the launcher reads, for its --allow-env; INIT_CWD is where the user of a task is. */
export const launcherVariables: readonly string[] = [
  ...new Set([...inheritedVariables, ...cacheVariables, ...programVariables, "INIT_CWD"]),
].sort();

/** Whether to colour; Deno lets every program read these two. */
export const colorVariables: readonly string[] = ["NO_COLOR", "FORCE_COLOR"];
