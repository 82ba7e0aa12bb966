/** Numbers with units, as people type them. */

export type Scale = "plain" | "count" | "duration";

const UNITS: Record<Scale, Readonly<Record<string, number>>> = {
  plain: { "": 1 },
  count: { "": 1, k: 1e3, m: 1e6 },
  duration: { "": 1, us: 1e-6, µs: 1e-6, ms: 1e-3, s: 1, m: 60, min: 60, h: 3600, d: 86_400 },
};

/** `0.5`, `10k`, `1.5h` (in seconds). Null: it is no number, or has an unknown unit. */
export function quantity(text: string, scale: Scale): number | null {
  const parts = /^([-+−]?(?:\d+\.?\d*|\.\d+)(?:e[+-]?\d+)?)\s*([a-zµ]*)$/i.exec(text.trim());
  if (parts === null) return null;
  const unit = UNITS[scale][(parts[2] ?? "").toLowerCase()];
  const number = Number((parts[1] ?? "").replace("−", "-"));
  return unit === undefined || !Number.isFinite(number) ? null : number * unit;
}
