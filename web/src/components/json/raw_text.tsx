/** Text exactly as it is; long ones piece by piece. */

import { useState } from "preact/hooks";
import { bytes } from "../../format/bytes.ts";
import "./json_tree.css";

/** Characters of a raw text that are drawn at once. */
const RAW_CHUNK = 100_000;

export function RawText({ text, label }: { readonly text: string; readonly label: string }) {
  const [shown, setShown] = useState(RAW_CHUNK);
  return (
    <div class="json-raw">
      <pre tabIndex={0} aria-label={label}>
        {text.slice(0, shown)}
      </pre>
      {shown < text.length ? (
        <button type="button" class="button" onClick={() => setShown(shown * 4)}>
          Show more ({bytes(text.length - shown)} left)
        </button>
      ) : null}
    </div>
  );
}
