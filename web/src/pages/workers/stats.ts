/** What a worker says of its machine. Only what is a number is taken; other keys are shown as they are. */

export interface Gpu {
  readonly name: string;
  readonly used: number | null;
  readonly memory: number | null;
  readonly note: string;
}

export interface Machine {
  readonly host: string | null;
  readonly cpu: number | null;
  readonly memory: number | null;
  readonly disk: number | null;
  readonly gpus: readonly Gpu[];
  /** Members that are not understood. */
  readonly rest: Readonly<Record<string, unknown>>;
}

const KNOWN = [
  "timestamp",
  "host",
  "os",
  "cpu_name",
  "cpu_cores",
  "cpu_threads",
  "cpu_usage_pct",
  "mem_used_gb",
  "mem_total_gb",
  "mem_pct",
  "disk_used_gb",
  "disk_total_gb",
  "disk_pct",
  "bytes_sent_mb",
  "bytes_recv_mb",
  "gpus",
];

export function machineOf(stats: unknown): Machine {
  const all = isObject(stats) ? stats : {};
  const gpus = Array.isArray(all["gpus"]) ? all["gpus"].filter(isObject).map(gpuOf) : [];
  return {
    host: typeof all["host"] === "string" ? all["host"] : null,
    cpu: number(all["cpu_usage_pct"]),
    memory: number(all["mem_pct"]),
    disk: number(all["disk_pct"]),
    gpus,
    rest: Object.fromEntries(Object.entries(all).filter(([key]) => !KNOWN.includes(key))),
  };
}

function gpuOf(gpu: Record<string, unknown>): Gpu {
  const used = number(gpu["mem_used_mb"]);
  const total = number(gpu["mem_total_mb"]);
  const heat = number(gpu["temp_c"]);
  return {
    name: typeof gpu["gpu"] === "string" || typeof gpu["gpu"] === "number" ? String(gpu["gpu"]) : "GPU",
    used: number(gpu["util_pct"]),
    memory: used !== null && total !== null && total > 0 ? (100 * used) / total : null,
    note: heat === null ? "" : `${Math.round(heat)} °C`,
  };
}

/** The mean of what all say. Null: none does. */
export function mean(values: readonly (number | null)[]): number | null {
  const known = values.filter((value) => value !== null);
  return known.length === 0 ? null : known.reduce((sum, value) => sum + value, 0) / known.length;
}

function number(value: unknown): number | null {
  return typeof value === "number" && Number.isFinite(value) ? value : null;
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
