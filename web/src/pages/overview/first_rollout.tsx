/** What to do with an empty store. */

import { base } from "../../app/location.ts";
import { CopyButton } from "../../components/copy.tsx";

export function FirstRollout() {
  const store = base.href.replace(/\/$/, "");
  const enqueue = `curl -X POST ${store}/v1/agl/queues/rollouts/enqueue \\
  -H 'content-type: application/json' \\
  -d '{"rollouts": [{"input": {"question": "6 × 7?"}, "mode": "train"}]}'`;
  const python = `from agentlightning.store.client_server import LightningStoreClient

store = LightningStoreClient("${store}")
rollout = await store.enqueue_rollout(input={"question": "6 × 7?"}, mode="train")`;
  const dequeue = `curl -X POST ${store}/v1/agl/queues/rollouts/dequeue \\
  -H 'content-type: application/json' \\
  -d '{"worker_id": "worker-1"}'`;
  return (
    <section class="first" aria-label="Send your first rollout">
      <h2>No rollouts yet</h2>
      <p class="muted">
        Rollouts that algorithms enqueue and workers carry out appear here as they happen. To see one:
      </p>
      <ol>
        <Step title="Enqueue a task" code={enqueue} />
        <Step title="Or do so from Python" code={python} />
        <Step title="Take it, as a worker does" code={dequeue} />
      </ol>
    </section>
  );
}

function Step({ title, code }: { title: string; code: string }) {
  return (
    <li>
      <div class="row">
        <h3 class="grow">{title}</h3>
        <CopyButton text={code} what={title.toLowerCase()} />
      </div>
      <pre class="box">{code}</pre>
    </li>
  );
}
