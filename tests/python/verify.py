"""Compares what the store holds after a training run with what the tasks say it must hold."""

from __future__ import annotations

import asyncio
import math
import time
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

import agentlightning as agl

from agent import ExpectedSpan, Task, expected_attempts, expected_spans, resources_of_round

HEARTBEAT_SECONDS = 10
"""The runners of the test send one each second, the first a second after their start."""


@dataclass(frozen=True)
class Entry:
    """One rollout as the algorithm enqueued it, and the reward that it found."""

    rollout_id: str
    task: Task
    round_number: int
    resources_id: str
    reward: float | None
    tracer: str

    @property
    def root(self) -> str | None:
        """AgentOps puts a span of its own around the agent; the plain OpenTelemetry tracer does not."""
        return f"{self.rollout_id}.session" if self.tracer == "agentops" else None

    @property
    def expected_reward(self) -> float | None:
        """Computed as the agent does, so that equality must be exact: a float has to survive the store unchanged."""
        if expected_attempts(self.task)[-1] == "failed":
            return None
        return self.task["number"] * resources_of_round(self.round_number)["llm"].sampling_parameters["weight"]


def attempts(entries: Sequence[Entry]) -> int:
    """How many attempts the rollouts must have taken together."""
    return sum(len(expected_attempts(entry.task)) for entry in entries)


def spans(entries: Sequence[Entry]) -> int:
    """How many spans they must have left."""
    return sum(
        len(expected_spans(entry.task, status, root=entry.root))
        for entry in entries
        for status in expected_attempts(entry.task)
    )


async def differences(store: agl.LightningStore, entries: Sequence[Entry], *, runners: int) -> list[str]:
    """One line for each thing that is not as it must be."""
    found: list[str] = []
    gate = asyncio.Semaphore(16)

    async def of_entry(entry: Entry) -> None:
        async with gate:
            found.extend(f"{entry.rollout_id} {entry.task}: {line}" for line in await of_rollout(store, entry))

    await asyncio.gather(*(of_entry(entry) for entry in entries))
    found += await of_listing(store, entries)
    found += await of_workers(store, runners)
    return found


async def of_rollout(store: agl.LightningStore, entry: Entry) -> list[str]:
    """The rollout, its attempts, its spans and its reward."""
    found: list[str] = []

    def compare(what: str, got: object, expected: object) -> None:
        if got != expected:
            found.append(f"{what} is {got!r}, expected {expected!r}")

    statuses = expected_attempts(entry.task)
    rollout = await store.get_rollout_by_id(entry.rollout_id)
    if rollout is None:
        return ["not found"]
    compare("status", rollout.status, statuses[-1])
    compare("input", rollout.input, entry.task)
    compare("mode", rollout.mode, "train")
    compare("resources", rollout.resources_id, entry.resources_id)
    compare("end_time is set", rollout.end_time is not None, True)

    taken = await store.query_attempts(entry.rollout_id)
    compare("attempts", [attempt.status for attempt in taken], statuses)
    if len(taken) != len(statuses):
        return found  # whatever follows would differ for this reason
    compare("numbers of the attempts", [attempt.sequence_id for attempt in taken], list(range(1, len(statuses) + 1)))
    compare("workers are named", all((attempt.worker_id or "").startswith("Worker-") for attempt in taken), True)
    if isinstance(rollout, agl.AttemptedRollout):
        compare("newest attempt", rollout.attempt.attempt_id, taken[-1].attempt_id)
    else:
        found.append("comes without its newest attempt")

    everything = await store.query_spans(entry.rollout_id)
    numbers = [span.sequence_id for span in everything]
    if numbers != sorted(set(numbers)) or (numbers and numbers[0] < 1):
        found.append(f"sequence ids are not unique and increasing: {numbers}")
    age = {attempt.attempt_id: attempt.sequence_id for attempt in taken}
    in_attempts = [age.get(span.attempt_id, 0) for span in everything]
    if in_attempts != sorted(in_attempts):
        found.append("spans of an earlier attempt are numbered after those of a later one")

    for attempt in taken:
        mine = [span for span in everything if span.attempt_id == attempt.attempt_id]
        found += [f"attempt {attempt.sequence_id}: {line}" for line in of_spans(mine, entry, attempt)]

    compare("reward", entry.reward, entry.expected_reward)
    return found


def of_spans(spans: Sequence[agl.Span], entry: Entry, attempt: agl.Attempt) -> list[str]:
    """The spans of one attempt: each one there, under its parent, with its outcome and attributes."""
    by_id = {span.span_id: span for span in spans}
    found: list[str] = []

    def parent(span: agl.Span) -> str | None:
        if span.parent_id is None:
            return None
        return by_id[span.parent_id].name if span.parent_id in by_id else f"unknown span {span.parent_id}"

    got = [ExpectedSpan(span.name, parent(span), span.status.status_code == "ERROR") for span in spans]
    expected = expected_spans(entry.task, attempt.status, root=entry.root)
    found += [f"missing {span}" for span in (Counter(expected) - Counter(got)).elements()]
    found += [f"unexpected {span}" for span in (Counter(got) - Counter(expected)).elements()]
    # The plain tracer sends each span as it ends; AgentOps sends batches, which OTLP groups by instrumentation library.
    if not found and entry.tracer == "otel" and got != expected:
        found.append(f"order of the spans is {[span.name for span in got]}")

    prompt = resources_of_round(entry.round_number)["prompt"].format(number=entry.task["number"])
    for span in spans:
        if span.start_time is None or span.end_time is None or not span.start_time <= span.end_time:
            found.append(f"{span.name} runs from {span.start_time} to {span.end_time}")
        if span.name == "agent.run":
            if span.attributes.get("prompt") != prompt:
                found.append(f"{span.name} has prompt {span.attributes.get('prompt')!r}, expected {prompt!r}")
            if attempt.status == "failed" and "exception" not in [event.name for event in span.events]:
                found.append(f"{span.name} lacks the exception among its events {span.events}")
    if len({span.trace_id for span in spans if span.parent_id is not None}) != 1:
        found.append("the spans are not in one trace")
    steps = [span.attributes.get("step") for span in spans if span.name == "agent.step"]
    if steps != [0, 1]:
        found.append(f"attribute step of the two steps is {steps}")
    return found


async def of_listing(store: agl.LightningStore, entries: Sequence[Entry]) -> list[str]:
    """Searches and counters agree with the sum of the parts."""
    ids = [entry.rollout_id for entry in entries]
    failed = {entry.rollout_id for entry in entries if entry.expected_reward is None}
    found: list[str] = []
    for status, expected in (("succeeded", len(ids) - len(failed)), ("failed", len(failed))):
        page = await store.query_rollouts(status_in=[status], rollout_id_in=ids, limit=7)
        if (page.total, len(page)) != (expected, min(7, expected)):
            found.append(f"search for {status}: total {page.total}, page of {len(page)}, expected total {expected}")
    newest = await store.get_latest_resources()
    if newest is None or (newest.resources_id, newest.version) != (entries[-1].resources_id, 2):
        found.append(f"newest resources: {newest}")
    elif newest.resources != resources_of_round(2):
        found.append(f"newest resources differ from those published: {newest.resources}")
    counted = await store.statistics()
    for key, least in (
        ("total_rollouts", len(ids)),
        ("total_attempts", attempts(entries)),
        ("total_spans", spans(entries)),
    ):
        if not counted.get(key, -math.inf) >= least:
            found.append(f"statistics: {key} is {counted.get(key)}, expected at least {least}")
    return found


async def of_workers(store: agl.LightningStore, runners: int) -> list[str]:
    """Each runner process sends heartbeats, and is idle now that there is no work left."""
    deadline = time.monotonic() + HEARTBEAT_SECONDS
    while True:
        workers = {worker.worker_id: worker for worker in await store.query_workers()}
        silent = [name for name in worker_names(runners) if name not in workers or not workers[name].heartbeat_stats]
        if not silent or time.monotonic() > deadline:
            break
        await asyncio.sleep(0.2)
    found = [f"worker {name} sent no heartbeat" for name in silent]
    for worker in (workers[name] for name in worker_names(runners) if name in workers):
        if worker.status != "idle" or worker.current_rollout_id or worker.current_attempt_id:
            found.append(f"worker is not idle after the work: {worker}")
    worked = sum(worker.last_busy_time is not None for worker in workers.values())
    if worked < runners / 2:
        found.append(f"only {worked} of {runners} workers ever worked")
    return found


def worker_names(runners: int) -> list[str]:
    """The names that the package's runners give themselves."""
    return [f"Worker-{number}" for number in range(runners)]
