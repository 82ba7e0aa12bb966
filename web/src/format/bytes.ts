/** Sizes in bytes: `512 B`, `1.2 kB`, `3.4 MB`. */
export function bytes(value: number | null | undefined): string {
  if (value == null) return "—";
  let size = value;
  for (const unit of ["B", "kB", "MB", "GB"]) {
    if (size < 999.5 || unit === "GB") return `${unit === "B" ? size : Number(size.toPrecision(3))} ${unit}`;
    size /= 1000;
  }
  return "—";
}
