/** There is no rollout of this id: what was asked for, what looks like it, and the way back. */

import { level } from "../../api/capabilities.ts";
import { client } from "../../api/client.ts";
import { useQuery } from "../../api/query.ts";
import { href, pathOf } from "../../app/location.ts";
import { trail } from "../../app/trail.ts";
import { StatusBadge } from "../../components/status.tsx";

export function MissingRollout({ id }: { readonly id: string }) {
  const beginning = id.slice(0, Math.max(4, Math.min(8, id.length - 2)));
  const similar = useQuery({
    key: level.value === "full" ? beginning : null,
    load: (signal) => client.dashboard.rollouts({ rollout_id_contains: beginning, limit: 5 }, { signal }),
  });
  const found = similar.data.value?.items ?? [];
  return (
    <div class="page">
      <div class="state">
        <h1>There is no such rollout</h1>
        <p>
          The store was asked for <code>{id}</code> and does not have it. It may have been deleted, or belong
          to another store.
        </p>
        {found.length === 0 ? null : (
          <>
            <h2>These begin alike</h2>
            <ul class="plain">
              {found.map((row) => (
                <li key={row.rollout_id} class="row">
                  <a class="mono" href={href(pathOf("rollouts", row.rollout_id))}>
                    {row.rollout_id}
                  </a>
                  <StatusBadge status={row.status} />
                </li>
              ))}
            </ul>
          </>
        )}
        <a class="button" href={href(trail.value.from)}>
          Back to the rollouts
        </a>
      </div>
    </div>
  );
}
