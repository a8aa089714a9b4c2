/** Which variables of the environment the program reads; every other one stays with the launcher's caller. @module */

import { cacheVariables } from "../data/cache_folder.ts";

/** What the second Deno itself reads: its folders, registry, proxies and certificates. */
export const inheritedVariables: readonly string[] = [
  ...["HOME", "LOCALAPPDATA", "SYSTEMROOT", "DENO_DIR", "NPM_CONFIG_REGISTRY"],
  ...["HTTPS_PROXY", "https_proxy", "NO_PROXY", "no_proxy", "DENO_CERT", "DENO_TLS_CA_STORE", "SSL_CERT_FILE"],
];

/** All that the launcher reads, for its --allow-env; INIT_CWD is where the user of a task is. */
export const launcherVariables: readonly string[] = [
  ...new Set([...inheritedVariables, ...cacheVariables, "INIT_CWD"]),
].sort();

/** Whether to colour; Deno lets every program read these two. */
export const colorVariables: readonly string[] = ["NO_COLOR", "FORCE_COLOR"];
