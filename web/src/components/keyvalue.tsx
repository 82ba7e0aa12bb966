/** Names and values, one below the other. Pairs whose value is null are left out. */

import type { ComponentChildren } from "preact";

export function KeyValue({
  pairs,
}: {
  pairs: readonly (readonly [name: string, value: ComponentChildren] | null)[];
}) {
  return (
    <dl class="keyvalue">
      {pairs.map((pair) =>
        pair === null || pair[1] === null || pair[1] === undefined ? null : (
          <>
            <dt>{pair[0]}</dt>
            <dd>{pair[1]}</dd>
          </>
        ),
      )}
    </dl>
  );
}
