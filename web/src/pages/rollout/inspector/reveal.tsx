/** The switch that shows secrets. */

import { Icon } from "../../../components/icon.tsx";

/** Secrets are shown only when somebody asks for them, and only as long as they look. */
export function Reveal({
  shown,
  onChange,
}: {
  readonly shown: boolean;
  readonly onChange: (show: boolean) => void;
}) {
  return (
    <button type="button" class="button" aria-pressed={shown} onClick={() => onChange(!shown)}>
      <Icon name={shown ? "off" : "search"} />
      {shown ? "Hide secrets" : "Reveal secrets"}
    </button>
  );
}
