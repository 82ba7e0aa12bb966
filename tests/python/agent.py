"""The agent that the runners execute, the tasks it gets, and what each task must leave in the store.

The agent is an ordinary one: it knows OpenTelemetry and the package's own helpers, and nothing of the store. Whether an
attempt fails is written in its task, so that everything the store must hold afterwards can be computed beforehand.
"""

from __future__ import annotations

import logging
from typing import Any, Literal, NamedTuple, TypedDict

import agentlightning as agl
from opentelemetry import trace

MAX_ATTEMPTS = 3
RETRIES = agl.RolloutConfig(
    max_attempts=MAX_ATTEMPTS, retry_condition=["failed"], timeout_seconds=60, unresponsive_seconds=60
)


class Task(TypedDict):
    """The input of one rollout."""

    number: int
    failing_attempts: int
    """This many attempts raise before one succeeds."""
    reward_by: Literal["emit", "return"]
    """Either through the tracer (as a span over OTLP), or as the agent's result (as a span over JSON)."""


def tasks_of_round(round_number: int, size: int) -> list[Task]:
    """Every tenth task fails once; the last one fails until no attempt is left."""
    numbers = range((round_number - 1) * size, round_number * size)
    return [
        Task(
            number=number,
            failing_attempts=MAX_ATTEMPTS if number == numbers[-1] else int(number % 10 == 3),
            reward_by="emit" if number % 2 == 0 else "return",
        )
        for number in numbers
    ]


def resources_of_round(round_number: int) -> dict[str, Any]:
    """What the algorithm publishes: the agents' answers and rewards depend on it."""
    return {
        "llm": agl.LLM(
            endpoint="http://127.0.0.1:9/v1",
            model=f"model-{round_number}",
            sampling_parameters={"weight": 0.1 * round_number},
        ),
        "prompt": agl.PromptTemplate(template=f"Round {round_number}: what is {{number}} doubled?", engine="f-string"),
    }


MEANT = "is meant to fail"


class ToolFailure(Exception):
    """Raised by the attempts that are meant to fail."""


def is_meant(record: logging.LogRecord) -> bool:
    """Whether this line of a log is about an attempt that is meant to fail."""
    return MEANT in record.getMessage() or (record.exc_info is not None and isinstance(record.exc_info[1], ToolFailure))


class DoublingAgent(agl.LitAgent[Task]):
    """Plans in two steps, answers, and is rewarded in proportion to its number."""

    def training_rollout(self, task: Task, resources: agl.NamedResources, rollout: agl.Rollout) -> float | None:
        llm, prompt = resources["llm"], resources["prompt"]
        assert isinstance(llm, agl.LLM) and isinstance(prompt, agl.PromptTemplate)
        assert isinstance(rollout, agl.AttemptedRollout)

        tracer = trace.get_tracer("doubling-agent")
        with tracer.start_as_current_span("agent.run", attributes={"prompt": prompt.format(number=task["number"])}):
            with tracer.start_as_current_span("agent.plan"):
                for step in range(2):
                    with tracer.start_as_current_span("agent.step", attributes={"step": step, "model": llm.model}):
                        pass
            with agl.operation(name="answer") as operation:
                operation.set_input(number=task["number"])
                if rollout.attempt.sequence_id <= task["failing_attempts"]:
                    raise ToolFailure(f"attempt {rollout.attempt.sequence_id} of {task['number']} {MEANT}")
                operation.set_output(2 * task["number"])
            reward = task["number"] * llm.sampling_parameters["weight"]
            if task["reward_by"] == "emit":
                agl.emit_reward(reward)
                return None
        return reward


class ExpectedSpan(NamedTuple):
    """One span as the store must give it back."""

    name: str
    parent: str | None
    """The name of the span above it in the same attempt."""
    failed: bool = False


def expected_attempts(task: Task) -> list[str]:
    """The statuses of the rollout's attempts, oldest first."""
    failed = min(task["failing_attempts"], MAX_ATTEMPTS)
    return ["failed"] * failed + ["succeeded"] * (failed < MAX_ATTEMPTS)


def expected_spans(task: Task, attempt_status: str, *, root: str | None) -> list[ExpectedSpan]:
    """The spans of one attempt in the order in which they end.

    `root` names the span that the tracer puts around the agent, if it does.
    """
    failed = attempt_status == "failed"
    reward = "agentlightning.annotation"
    spans = [
        ExpectedSpan("agent.step", "agent.plan"),
        ExpectedSpan("agent.step", "agent.plan"),
        ExpectedSpan("agent.plan", "agent.run"),
        ExpectedSpan("agentlightning.operation", "agent.run", failed),
    ]
    if not failed and task["reward_by"] == "emit":
        spans.append(ExpectedSpan(reward, "agent.run"))
    spans.append(ExpectedSpan("agent.run", root, failed))
    if root is not None:
        spans.append(ExpectedSpan(root, None))  # never marked as failed
    if not failed and task["reward_by"] == "return":
        spans.append(ExpectedSpan(reward, None))
    return spans
