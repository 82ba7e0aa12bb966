/** There is no such page. */

import { useQuery } from "../api/query.ts";
import { client } from "../api/client.ts";
import { href, pathOf, segmentsOf } from "./location.ts";
import { useTitle } from "./title.ts";

export function Page({ id: path }: { id: string }) {
  useTitle("Not found");
  const last = segmentsOf(path).at(-1) ?? "";
  const near = useQuery({
    key: `near ${last}`,
    load: (signal) => client.dashboard.rollouts({ rollout_id_contains: last, limit: 5 }, { signal }),
  });
  const items = near.data.value?.items ?? [];
  return (
    <div class="page">
      <h1>There is no such page</h1>
      <p class="gap">
        <code>{path}</code> is no address of this page.
      </p>
      {items.length > 0 && (
        <>
          <p class="gap">Did you look for one of these rollouts?</p>
          <ul>
            {items.map(({ rollout_id }) => (
              <li key={rollout_id}>
                <a class="mono" href={href(pathOf("rollouts", rollout_id))}>
                  {rollout_id}
                </a>
              </li>
            ))}
          </ul>
        </>
      )}
      <p class="gap">
        <a href={href("/")}>Overview</a> · <a href={href("/rollouts")}>Rollouts</a>
      </p>
    </div>
  );
}
