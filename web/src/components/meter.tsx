/** How much of something is used: a number and a bar. */

interface Props {
  readonly label: string;
  /** Per cent. */
  readonly value: number;
  /** More about it. */
  readonly note?: string;
  readonly bare?: boolean;
}

export function Meter({ label, value, note, bare }: Props) {
  const part = Math.min(100, Math.max(0, value));
  const text = `${Math.round(value)} %`;
  return (
    <span
      class="meter"
      title={`${label}: ${text}${note === undefined ? "" : `, ${note}`}`}
      data-high={part >= 90}
    >
      {bare !== true && <span class="muted">{label}</span>}
      <span class="track" aria-hidden="true">
        <i style={{ width: `${part}%` }} />
      </span>
      <span>{text}</span>
    </span>
  );
}
