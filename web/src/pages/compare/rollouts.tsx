/** Any two attempts of any two rollouts, side by side. */

import { useSignal } from "@preact/signals";
import { useTitle } from "../../app/title.ts";
import { Compare } from "./compare.tsx";
import { sideOf, url } from "./state.ts";

export function Page() {
  useTitle("Compare", "Rollouts");
  const { a, b } = url.signal.value;
  const first = sideOf(a);
  const second = sideOf(b);
  if (first === null || second === null) return <Choose />;
  return <Compare a={first} b={second} choices={null} />;
}

function Choose() {
  const { a, b } = url.signal.value;
  const first = useSignal(a ?? "");
  const second = useSignal(b ?? "");
  return (
    <div class="page">
      <h1>Compare two rollouts</h1>
      <p class="muted">
        Give two ids of rollouts. An attempt may follow behind a slash; without it the latest one is meant.
      </p>
      <form
        class="row"
        onSubmit={(event) => {
          event.preventDefault();
          url.set({ a: first.value.trim() || null, b: second.value.trim() || null });
        }}
      >
        <label class="row">
          A
          <input
            class="field mono"
            value={first.value}
            onInput={(event) => (first.value = event.currentTarget.value)}
          />
        </label>
        <label class="row">
          B
          <input
            class="field mono"
            value={second.value}
            onInput={(event) => (second.value = event.currentTarget.value)}
          />
        </label>
        <button type="submit" class="button primary">
          Compare
        </button>
      </form>
    </div>
  );
}
