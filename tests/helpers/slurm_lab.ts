/** A real Slurm on this machine, in a folder of its own: munge, a controller and two nodes with one core each. Needs root and
 *  Debian's slurm-wlm and munge. @module */

import { join } from "node:path";
import { delay } from "./killed_runs.ts";

/** All that a lab starts, for the permission to do so. */
export const labPrograms = [
  "munged",
  "slurmctld",
  "slurmd",
  "sinfo",
  "squeue",
  "scontrol",
  "scancel",
  "sbatch",
  "kill",
  "ps",
] as const;

/** Why no lab can be started here; null where one can. */
export async function missingForLab(): Promise<string | null> {
  if (Deno.build.os !== "linux") return "Slurm's daemons run on Linux";
  if (Deno.uid() !== 0) return "the daemons need root";
  for (const program of labPrograms) {
    try {
      await new Deno.Command(program, { args: ["-V"], stdout: "null", stderr: "null" }).output();
    } catch {
      return `there is no ${program}`;
    }
  }
  return null;
}

/** A running cluster. */
export class SlurmLab implements AsyncDisposable {
  readonly #folder: string;

  private constructor(folder: string) {
    this.#folder = folder;
  }

  /** The variable that Slurm's programs find the lab by. */
  get env(): { readonly SLURM_CONF: string } {
    return { SLURM_CONF: join(this.#folder, "slurm.conf") };
  }

  /** Starts all daemons and waits until both nodes are idle. */
  static async start(): Promise<SlurmLab> {
    const lab = new SlurmLab(await Deno.makeTempDir({ prefix: "slurm-lab-" }));
    try {
      await lab.#start();
      return lab;
    } catch (error) {
      await lab[Symbol.asyncDispose]();
      throw error;
    }
  }

  async #start(): Promise<void> {
    const folder = this.#folder;
    await Deno.chmod(folder, 0o755); // munge wants every user to reach its socket
    for (const name of ["munge", "run", "log", "state", "spool/n1", "spool/n2"]) {
      await Deno.mkdir(join(folder, name), { recursive: true });
    }
    const key = crypto.getRandomValues(new Uint8Array(128));
    await Deno.writeFile(join(folder, "munge/munge.key"), key, { mode: 0o600 });
    await Deno.writeTextFile(join(folder, "slurm.conf"), configuration(folder, freePorts(3)));
    const own = (name: string): string => join(folder, "munge", name);
    await this.run("munged", [
      ...[`--key-file=${own("munge.key")}`, `--socket=${own("munge.socket.2")}`, `--pid-file=${own("munged.pid")}`],
      ...[`--log-file=${own("munged.log")}`, `--seed-file=${own("munge.seed")}`, "--num-threads=2"],
    ]);
    await this.run("slurmctld", []);
    for (const node of ["n1", "n2"]) await this.startNode(node);
  }

  /** Runs one of Slurm's programs; the output. @throws {Error} When it fails. */
  async run(program: typeof labPrograms[number], args: readonly string[]): Promise<string> {
    const { success, stdout, stderr } = await new Deno.Command(program, { args: [...args], env: this.env }).output();
    if (success) return new TextDecoder().decode(stdout);
    throw new Error(`${program} ${args.join(" ")}: ${new TextDecoder().decode(stderr)}`);
  }

  /** Starts a node's daemon and waits until the controller believes in it. */
  async startNode(node: string): Promise<void> {
    await this.run("slurmd", ["-N", node]);
    await until(
      async () => (await this.run("sinfo", ["-h", "-n", node, "-o", "%t"])).trim() === "idle",
      `${node} is idle`,
    );
  }

  /** Kills a node's daemon at once. Its tasks live on, as where only the network fails. */
  async killDaemon(node: string): Promise<void> {
    await this.#end(join(this.#folder, `run/slurmd.${node}.pid`), "SIGKILL");
  }

  /** Ends the controller and starts it again. Killed right after other
   *  faults it may forget its last seconds. */
  async restartController(): Promise<void> {
    await this.#end(join(this.#folder, "run/slurmctld.pid"), "SIGTERM");
    await this.run("slurmctld", []);
    await until(() => this.run("sinfo", ["-h"]).then(() => true, () => false), "the controller answers");
  }

  /** Lines "JOB_INDEX STATE NODE" of all tasks. */
  async queue(): Promise<string[]> {
    const out = await this.run("squeue", ["-r", "-h", "-t", "all", "-o", "%F_%K %T %N"]);
    return out.split("\n").filter((line) => line !== "");
  }

  /** Waits until no task waits or works. */
  async untilIdle(seconds = 240): Promise<void> {
    const working = /(PENDING|RUNNING|COMPLETING|CONFIGURING|REQUEUE)/;
    await until(async () => !(await this.queue()).some((line) => working.test(line)), "the queue is empty", seconds);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.run("scancel", ["-u", "root"]).catch(() => {});
    await this.untilIdle(20).catch(() => {}); // what does not end by itself ends with its node
    for (const name of ["run/slurmd.n1.pid", "run/slurmd.n2.pid", "run/slurmctld.pid", "munge/munged.pid"]) {
      await this.#end(join(this.#folder, name), "SIGTERM");
    }
    await Deno.remove(this.#folder, { recursive: true });
  }

  /** Ends a daemon by its file and waits until it is gone. */
  async #end(file: string, signal: "SIGTERM" | "SIGKILL"): Promise<void> {
    const text = await Deno.readTextFile(file).catch(() => "");
    const id = Number(text.trim());
    if (!Number.isInteger(id) || id <= 1) return;
    await signalProcess(id, signal);
    await until(async () => await isGone(id), `process ${id} has ended`, 20);
    if (signal === "SIGKILL") await Deno.remove(file).catch(() => {});
  }
}

/** Sends a process a signal; one that is gone already is fine. Deno.kill would need the permission to run anything. */
export async function signalProcess(id: number, signal: "SIGTERM" | "SIGKILL" | "SIGSTOP" | "SIGCONT"): Promise<void> {
  await new Deno.Command("kill", { args: ["-s", signal.slice(3), String(id)], stderr: "null" }).output();
}

/** Nobody may be there to bury the dead. */
async function isGone(id: number): Promise<boolean> {
  const { stdout } = await new Deno.Command("ps", { args: ["-o", "stat=", "-p", String(id)] }).output();
  const state = new TextDecoder().decode(stdout).trim();
  return state === "" || state.startsWith("Z");
}

/** Waits until it holds. @throws {Error} When it does not in time. */
export async function until(holds: () => Promise<boolean>, what: string, seconds = 60): Promise<void> {
  const end = performance.now() + seconds * 1000;
  while (!(await holds())) {
    if (performance.now() > end) throw new Error(`Cannot wait any longer until ${what}`);
    await delay(100);
  }
}

function freePorts(count: number): number[] {
  const listeners = Array.from({ length: count }, () => Deno.listen({ hostname: "127.0.0.1", port: 0 }));
  const ports = listeners.map(({ addr }) => (addr as Deno.NetAddr).port);
  for (const listener of listeners) listener.close();
  return ports;
}

function configuration(folder: string, [controller, first, second]: readonly number[]): string {
  const node = "NodeHostname=localhost NodeAddr=127.0.0.1 CPUs=1 State=UNKNOWN";
  return `ClusterName=lab
SlurmctldHost=localhost(127.0.0.1)
SlurmUser=root
SlurmdUser=root
SlurmctldPort=${controller}
CommunicationParameters=NoCtldInAddrAny,NoInAddrAny
AuthType=auth/munge
CredType=cred/munge
AuthInfo=socket=${folder}/munge/munge.socket.2,cred_expire=5
StateSaveLocation=${folder}/state
SlurmdSpoolDir=${folder}/spool/%n
SlurmctldPidFile=${folder}/run/slurmctld.pid
SlurmdPidFile=${folder}/run/slurmd.%n.pid
SlurmctldLogFile=${folder}/log/slurmctld.log
SlurmdLogFile=${folder}/log/slurmd.%n.log
ProctrackType=proctrack/linuxproc
TaskPlugin=task/none
JobAcctGatherType=jobacct_gather/none
AccountingStorageType=accounting_storage/none
MpiDefault=none
SwitchType=switch/none
SelectType=select/cons_tres
SelectTypeParameters=CR_Core
SchedulerType=sched/backfill
SchedulerParameters=sched_min_interval=0,batch_sched_delay=0,bf_interval=1
ReturnToService=2
JobRequeue=1
SlurmdTimeout=10
SlurmctldTimeout=10
TCPTimeout=2
MessageTimeout=5
KillWait=10
MinJobAge=3600
NodeName=n1 ${node} Port=${first}
NodeName=n2 ${node} Port=${second}
PartitionName=main Nodes=n1,n2 Default=YES MaxTime=INFINITE State=UP
`;
}
