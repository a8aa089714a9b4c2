/** Which variables of the environment the program reads; every other one stays with the launcher's caller. @module */

import { cacheVariables } from "../data/cache_folder.ts";

/** What the second Deno itself reads: its folders, proxies and certificates, and whether to colour. */
export const inheritedVariables = [
  ...["HOME", "USERPROFILE", "LOCALAPPDATA", "SYSTEMROOT", "TEMP", "TMP", "DENO_DIR", "NPM_CONFIG_REGISTRY"],
  ...["HTTP_PROXY", "HTTPS_PROXY", "NO_PROXY", "http_proxy", "https_proxy", "no_proxy"],
  ...["DENO_CERT", "DENO_TLS_CA_STORE", "SSL_CERT_FILE", "TERM", "NO_COLOR", "FORCE_COLOR"],
] as const;

/** All that the launcher reads, for its --allow-env; INIT_CWD is where the user of a task is. */
export const launcherVariables: readonly string[] = [
  ...new Set([...inheritedVariables, ...cacheVariables, "INIT_CWD"]),
].sort();
