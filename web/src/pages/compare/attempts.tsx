/** Two attempts of one rollout, side by side. */

import { useQuery } from "../../api/query.ts";
import type { PageProps } from "../../app/routes.tsx";
import { useTitle } from "../../app/title.ts";
import { Answered, Empty } from "../../components/states.tsx";
import { shortId } from "../../format/id.ts";
import { loadRollout } from "../rollout/load.ts";
import { Compare } from "./compare.tsx";
import { url } from "./state.ts";

export function Page({ id }: PageProps) {
  useTitle("Compare", shortId(id));
  const answer = useQuery({
    key: id,
    load: async (signal) => ({ loaded: await loadRollout(id, signal) }),
    keep: false,
  });
  const { a, b } = url.signal.value;
  return (
    <Answered answer={answer}>
      {({ loaded }) => {
        const attempts = loaded?.detail.attempts ?? [];
        const ids = attempts.map(({ attempt }) => attempt.attempt_id);
        // Without a choice: the last one and the one before.
        const second = b === "latest" || b === null ? ids.at(-1) : b;
        const first = a ?? ids[Math.max(0, ids.indexOf(second ?? "") - 1)];
        if (first === undefined || second === undefined || ids.length < 2) {
          return (
            <div class="page">
              <Empty title="There is nothing to compare">
                <p>This rollout has fewer than two attempts.</p>
              </Empty>
            </div>
          );
        }
        return (
          <Compare
            a={{ rolloutId: id, attemptId: first }}
            b={{ rolloutId: id, attemptId: second }}
            choices={attempts.map(({ attempt }) => ({
              value: attempt.attempt_id,
              label: `#${attempt.sequence_id} ${attempt.status}`,
            }))}
          />
        );
      }}
    </Answered>
  );
}
