"""A whole training run of the published Python package, unchanged, against one running store.

    python training_loop.py http://127.0.0.1:4747

The algorithm and the runners are started as they would be on different machines: separate programs that know nothing
of each other but the address of the store.

- `runner`: `agl.Trainer` with `AGL_CURRENT_ROLE=runner`; it forks the runner processes, each with the package's own
  `LitAgentRunner`, tracer, OTLP exporter and heartbeats.
- `algorithm`: `agl.Trainer` with `AGL_CURRENT_ROLE=algorithm`, an `agl.LightningStoreClient` and `managed_store=False`,
  so that it uses the store that is there instead of starting its own. Two rounds: publish resources, enqueue, wait,
  read the rewards.

At the end the algorithm compares everything that the store holds with what the tasks say it must hold (`verify.py`).
The exit code is 0 if nothing differs; otherwise each difference is one line on stderr.
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import logging
import os
import signal
import subprocess
import sys
import time
from urllib.parse import urlsplit

ROUND_SECONDS = 60
"""A round that takes longer has rollouts that will never end."""
START_SECONDS = 60
STOP_SECONDS = 20


def run_algorithm(url: str, rollouts: int, runners: int, tracer: str) -> int:
    """Two rounds of training, then the comparison; the exit code."""
    import agentlightning as agl

    import verify
    from agent import RETRIES, DoublingAgent, resources_of_round, tasks_of_round

    entries: list[verify.Entry] = []
    differences: list[str] = []

    async def finish(store: agl.LightningStore, rollout_ids: list[str]) -> None:
        """The client refuses to wait longer than a tenth of a second at a time: an algorithm has to poll."""
        deadline = time.monotonic() + ROUND_SECONDS
        while rollout_ids:
            if time.monotonic() > deadline:
                raise TimeoutError(
                    f"not ended within {ROUND_SECONDS} s: {len(rollout_ids)} rollouts, {rollout_ids[:5]} …"
                )
            done = {r.rollout_id for r in await store.wait_for_rollouts(rollout_ids=rollout_ids, timeout=0.1)}
            rollout_ids = [rollout_id for rollout_id in rollout_ids if rollout_id not in done]
            await asyncio.sleep(0.2)

    async def runners_are_up(store: agl.LightningStore) -> None:
        """A runner's first, empty dequeue makes it known to the store."""
        deadline = time.monotonic() + START_SECONDS
        while not set(verify.worker_names(runners)) <= {worker.worker_id for worker in await store.query_workers()}:
            if time.monotonic() > deadline:
                raise TimeoutError(f"fewer than {runners} runners came up within {START_SECONDS} s")
            await asyncio.sleep(0.1)

    @agl.algo
    async def two_rounds(*, store: agl.LightningStore) -> None:
        await runners_are_up(store)
        resources_id: str | None = None
        for round_number in (1, 2):
            started = time.monotonic()
            resources = resources_of_round(round_number)
            if resources_id is None:
                published = await store.add_resources(resources)
            else:
                published = await store.update_resources(resources_id, resources)
            resources_id = published.resources_id

            tasks = tasks_of_round(round_number, rollouts // 2)
            # The first is enqueued alone and the others in one request, to use both.
            first, *others = tasks
            queued = [await store.enqueue_rollout(first, mode="train", config=RETRIES)]
            queued += await store.enqueue_many_rollouts(
                [agl.EnqueueRolloutRequest(input=task, mode="train", config=RETRIES) for task in others]
            )
            await finish(store, [rollout.rollout_id for rollout in queued])

            rewards = await asyncio.gather(*(reward_of(store, rollout.rollout_id) for rollout in queued))
            found = [reward for reward in rewards if reward is not None]
            entries.extend(
                verify.Entry(rollout.rollout_id, task, round_number, resources_id, reward, tracer)
                for rollout, task, reward in zip(queued, tasks, rewards, strict=True)
            )
            print(
                f"round {round_number}: {len(queued)} rollouts in {time.monotonic() - started:.1f} s, "
                f"{len(found)} rewards, mean {sum(found) / max(len(found), 1):.3f}",
                flush=True,
            )
        differences.extend(await verify.differences(store, entries, runners=runners))
        await client.close()

    async def reward_of(store: agl.LightningStore, rollout_id: str) -> float | None:
        return agl.find_final_reward(await store.query_spans(rollout_id, "latest"))

    client = agl.LightningStoreClient(url)
    trainer = agl.Trainer(store=client, strategy={"type": "cs", "managed_store": False}, algorithm=two_rounds)
    trainer.fit(DoublingAgent(), train_dataset=None)

    for difference in differences[:50]:
        print(f"DIFFERS: {difference}", file=sys.stderr)
    if len(differences) > 50:
        print(f"… and {len(differences) - 50} more", file=sys.stderr)
    print(f"{len(entries)} rollouts, {verify.attempts(entries)} attempts, {verify.spans(entries)} spans: ", end="")
    print("all as expected" if not differences else f"{len(differences)} differences")
    return 1 if differences else 0


def run_runners(runners: int, tracer: str) -> int:
    """Runner processes that go on until interrupted; the strategy finds the store by `AGL_SERVER_HOST` and `_PORT`."""
    import agentlightning as agl

    from agent import DoublingAgent, is_meant

    agl.setup_logging("ERROR")
    for name in ("agentlightning.runner.agent", "agentlightning.tracer.agentops"):
        logging.getLogger(name).addFilter(lambda record: not is_meant(record))
    trainer = agl.Trainer(
        n_runners=runners,
        tracer=agl.OtelTracer() if tracer == "otel" else agl.AgentOpsTracer(),
        runner={
            "type": "agentlightning.LitAgentRunner",
            "poll_interval": 0.2,
            "interval_jitter": 0.05,
            "heartbeat_interval": 1.0,
        },
    )
    trainer.fit(DoublingAgent(), train_dataset=None)
    return 0


def start(role: str, arguments: argparse.Namespace) -> subprocess.Popen[bytes]:
    """This program again, in another role and with nothing but the environment to find the store."""
    address = urlsplit(arguments.url)
    environment = os.environ | {
        "AGL_CURRENT_ROLE": role,
        "AGL_SERVER_HOST": address.hostname or "",
        "AGL_SERVER_PORT": str(address.port),
        "NO_PROXY": "*",
        "LITELLM_LOCAL_MODEL_COST_MAP": "True",  # otherwise the import waits ten seconds for the network
        "AGENTOPS_LOG_LEVEL": "CRITICAL",
        "AGENTOPS_LOGGING_TO_FILE": "False",
    }
    options = ["--rollouts", str(arguments.rollouts), "--runners", str(arguments.runners), "--tracer", arguments.tracer]
    command = [sys.executable, __file__, arguments.url, "--role", role, *options]
    return subprocess.Popen(command, env=environment, preexec_fn=hear_interrupts, start_new_session=True)


def hear_interrupts() -> None:
    """A shell makes its background jobs deaf to Ctrl-C, and their children inherit that."""
    signal.signal(signal.SIGINT, signal.SIG_DFL)


def end(program: subprocess.Popen[bytes]) -> None:
    """Whatever is left of a program and its children."""
    with contextlib.suppress(ProcessLookupError):
        os.killpg(program.pid, signal.SIGKILL)


def run_both(arguments: argparse.Namespace) -> int:
    """Start both sides, wait for the algorithm, then interrupt the runners as one would with Ctrl-C."""
    started = time.monotonic()
    runners = start("runner", arguments)
    algorithm = start("algorithm", arguments)
    try:
        while algorithm.poll() is None and runners.poll() is None:
            time.sleep(0.1)
        if algorithm.poll() is None:
            print(f"the runners ended early with exit code {runners.returncode}", file=sys.stderr)
            return 1
        code = algorithm.returncode
    finally:
        end(algorithm)
        runners.send_signal(signal.SIGINT)
        try:
            runner_code = runners.wait(timeout=STOP_SECONDS)
        except subprocess.TimeoutExpired:
            runner_code = -signal.SIGKILL
        end(runners)
    if runner_code != 0:
        print(f"the runners ended with exit code {runner_code}", file=sys.stderr)
    print(f"{arguments.runners} runner processes, {arguments.tracer} tracer: {time.monotonic() - started:.1f} s in all")
    return code or runner_code


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("url", help="address of the running store, http://host:port")
    parser.add_argument("--rollouts", type=int, default=200)
    parser.add_argument("--runners", type=int, default=8)
    parser.add_argument("--tracer", choices=("otel", "agentops"), default="otel")
    parser.add_argument("--role", choices=("both", "algorithm", "runner"), default="both")
    arguments = parser.parse_args()
    if arguments.role == "algorithm":
        return run_algorithm(arguments.url, arguments.rollouts, arguments.runners, arguments.tracer)
    if arguments.role == "runner":
        return run_runners(arguments.runners, arguments.tracer)
    return run_both(arguments)


if __name__ == "__main__":
    sys.exit(main())
