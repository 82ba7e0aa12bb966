/** Numbers for people. They are never rounded where their exact value matters: rewards show what was stored. */

const grouped = new Intl.NumberFormat("en-US");

/** `1,284`; `—` for null. */
export function count(value: number | null | undefined): string {
  return value == null ? "—" : grouped.format(value);
}

/** `980`, `12.4k`, `3.1M`: for what is only to be compared, with so many digits that matter. */
export function short(value: number | null | undefined, digits = 3): string {
  if (value == null) return "—";
  for (const [size, unit] of [
    [1e9, "B"],
    [1e6, "M"],
    [1e3, "k"],
  ] as const) {
    if (Math.abs(value) >= size * 0.9995) return Number((value / size).toPrecision(digits)) + unit;
  }
  return Number.isInteger(value) ? String(value) : String(Number(value.toPrecision(3)));
}

/** A reward: up to four digits after the point. */
export function reward(value: number | null | undefined): string {
  if (value == null) return "—";
  if (!Number.isFinite(value)) return String(value);
  if (value !== 0 && Math.abs(value) < 0.0001) return value.toExponential(1).replace("-", "−");
  return String(Number(value.toFixed(4))).replace("-", "−");
}

export function percent(part: number, whole: number): string {
  return whole === 0 ? "—" : `${Math.round((100 * part) / whole)} %`;
}

/** `1 rollout`, `2 rollouts`. */
export function plural(value: number, one: string, many = `${one}s`): string {
  return `${count(value)} ${value === 1 ? one : many}`;
}
