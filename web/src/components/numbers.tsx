/** The numbers of a page in a line, each below its name. */

import type { ComponentChildren } from "preact";

export function Numbers({
  items,
}: {
  items: readonly (readonly [name: string, value: ComponentChildren] | null)[];
}) {
  return (
    <dl class="numbers">
      {items.map((item) =>
        item === null ? null : (
          <div key={item[0]}>
            <dt>{item[0]}</dt>
            <dd>{item[1]}</dd>
          </div>
        ),
      )}
    </dl>
  );
}
