"""The published `LightningStoreClient`, unchanged, call by call against one running store.

    LIGHTNING_STORE_URL=http://127.0.0.1:4747 python client.py

Each test uses rollouts of its own but shares the store with the others: start it empty, as dequeuing takes whatever is
there.
"""

from __future__ import annotations

import asyncio
import os
import time
import unittest
import uuid

import agentlightning as agl
from agentlightning.types import OtelResource, SpanContext, TraceStatus
from aiohttp import ClientResponseError

AT_ONCE = 5
"""Seconds. A call whose first answer makes the client retry takes eight."""


def span(
    attempt: agl.AttemptedRollout,
    sequence_id: int,
    name: str = "step",
    parent_id: str | None = None,
    **attributes: object,
) -> agl.Span:
    """A span of this attempt."""
    trace_id, span_id = uuid.uuid4().hex, uuid.uuid4().hex[:16]
    return agl.Span(
        rollout_id=attempt.rollout_id,
        attempt_id=attempt.attempt.attempt_id,
        sequence_id=sequence_id,
        trace_id=trace_id,
        span_id=span_id,
        parent_id=parent_id,
        name=name,
        status=TraceStatus(status_code="OK"),
        attributes=attributes,
        events=[],
        links=[],
        start_time=time.time(),
        end_time=time.time(),
        context=SpanContext(trace_id=trace_id, span_id=span_id, is_remote=False, trace_state={}),
        parent=None,
        resource=OtelResource(attributes={"service.name": "test"}, schema_url=""),
    )


class ClientTest(unittest.IsolatedAsyncioTestCase):
    """One client per test."""

    async def asyncSetUp(self) -> None:
        self.store = agl.LightningStoreClient(os.environ["LIGHTNING_STORE_URL"])
        self.addAsyncCleanup(self.store.close)


class Queue(ClientTest):
    async def asyncSetUp(self) -> None:
        await super().asyncSetUp()
        while await self.store.dequeue_many_rollouts(limit=100):
            pass

    async def test_rollouts_leave_the_queue_in_the_order_in_which_they_entered(self) -> None:
        first = await self.store.enqueue_rollout({"n": 0}, mode="train", metadata={"a": [1, None]})
        others = await self.store.enqueue_many_rollouts([agl.EnqueueRolloutRequest(input={"n": n}) for n in (1, 2, 3)])
        self.assertEqual((first.status, first.mode, first.metadata), ("queuing", "train", {"a": [1, None]}))

        taken = await self.store.dequeue_many_rollouts(limit=3, worker_id="queue-worker")
        last = await self.store.dequeue_rollout(worker_id="queue-worker")
        assert last is not None
        self.assertEqual([r.rollout_id for r in (first, *others)], [r.rollout_id for r in (*taken, last)])
        self.assertEqual(last.input, {"n": 3})
        self.assertEqual((last.status, last.attempt.status, last.attempt.sequence_id), ("preparing", "preparing", 1))
        self.assertEqual(last.attempt.worker_id, "queue-worker")
        self.assertIsNone(await self.store.dequeue_rollout())

    async def test_each_rollout_goes_to_one_of_many_concurrent_dequeuers(self) -> None:
        queued = await self.store.enqueue_many_rollouts([agl.EnqueueRolloutRequest(input=n) for n in range(40)])
        taken = await asyncio.gather(*(self.store.dequeue_rollout(f"racer-{n}") for n in range(50)))
        self.assertCountEqual([r.rollout_id for r in queued], [r.rollout_id for r in taken if r is not None])

    async def test_failed_attempt_is_retried_while_attempts_remain(self) -> None:
        config = agl.RolloutConfig(max_attempts=2, retry_condition=["failed"])
        queued = await self.store.enqueue_rollout("retry me", config=config)
        for number, status in ((1, "requeuing"), (2, "failed")):
            taken = await self.store.dequeue_rollout()
            assert taken is not None
            self.assertEqual((taken.rollout_id, taken.attempt.sequence_id), (queued.rollout_id, number))
            await self.store.update_attempt(taken.rollout_id, taken.attempt.attempt_id, status="failed")
            now = await self.store.get_rollout_by_id(queued.rollout_id)
            assert isinstance(now, agl.AttemptedRollout)
            self.assertEqual((now.status, now.config), (status, config))
        self.assertIsNone(await self.store.dequeue_rollout())


class Attempts(ClientTest):
    async def test_attempt_carries_its_rollout_along(self) -> None:
        rollout = await self.store.start_rollout({"q": "ü"}, config=agl.RolloutConfig(timeout_seconds=3600))
        self.assertEqual((rollout.status, rollout.config.timeout_seconds), ("preparing", 3600.0))
        attempt = await self.store.update_attempt(rollout.rollout_id, "latest", status="running", metadata={"k": "v"})
        self.assertEqual((attempt.attempt_id, attempt.metadata), (rollout.attempt.attempt_id, {"k": "v"}))
        again = await self.store.start_attempt(rollout.rollout_id)
        self.assertEqual(again.attempt.sequence_id, 2)
        ended = await self.store.update_attempt(rollout.rollout_id, again.attempt.attempt_id, status="succeeded")
        self.assertIsNotNone(ended.end_time)
        latest = await self.store.get_latest_attempt(rollout.rollout_id)
        assert latest is not None
        self.assertEqual((latest.attempt_id, latest.status), (again.attempt.attempt_id, "succeeded"))
        page = await self.store.query_attempts(rollout.rollout_id, sort_order="desc", limit=1)
        self.assertEqual((page.total, [a.sequence_id for a in page]), (2, [2]))
        now = await self.store.get_rollout_by_id(rollout.rollout_id)
        assert now is not None
        self.assertEqual((now.status, now.end_time is not None), ("succeeded", True))

    async def test_update_changes_what_is_given_and_nothing_else(self) -> None:
        rollout = await self.store.start_rollout({"n": 1}, mode="val", metadata={"a": 1})
        updated = await self.store.update_rollout(rollout.rollout_id, metadata=None, status="cancelled")
        self.assertEqual(
            (updated.status, updated.mode, updated.input, updated.metadata), ("cancelled", "val", {"n": 1}, None)
        )
        page = await self.store.query_rollouts(status_in=["cancelled"], rollout_id_in=[rollout.rollout_id])
        self.assertIsInstance(page[0], agl.AttemptedRollout)


class Unknown(ClientTest):
    async def test_reading_what_is_not_there_gives_none_at_once(self) -> None:
        started = time.monotonic()
        with self.assertLogs("agentlightning"):  # the client logs the 404 that it swallows
            self.assertIsNone(await self.store.get_rollout_by_id("ro-unknown"))
        self.assertIsNone(await self.store.get_latest_attempt("ro-unknown"))
        self.assertIsNone(await self.store.get_resources_by_id("rs-unknown"))
        self.assertIsNone(await self.store.get_worker_by_id("unknown"))
        self.assertEqual(len(await self.store.query_spans("ro-unknown", "latest")), 0)
        self.assertEqual(len(await self.store.query_attempts("ro-unknown")), 0)
        self.assertEqual(await self.store.wait_for_rollouts(rollout_ids=["ro-unknown"]), [])
        self.assertLess(time.monotonic() - started, AT_ONCE)

    async def test_writing_to_what_is_not_there_fails_at_once(self) -> None:
        rollout = await self.store.start_rollout("known")
        elsewhere = span(rollout, 1).model_copy(update={"rollout_id": "ro-unknown"})
        started = time.monotonic()
        for call in (
            self.store.start_attempt("ro-unknown"),
            self.store.update_rollout("ro-unknown", status="failed"),
            self.store.update_attempt(rollout.rollout_id, "at-unknown", status="failed"),
            self.store.add_span(elsewhere),
        ):
            with self.assertRaises(ClientResponseError) as refused:
                await call
            self.assertEqual(refused.exception.status, 404)
        self.assertLess(time.monotonic() - started, AT_ONCE)


class Spans(ClientTest):
    async def test_span_comes_back_as_it_was_sent_and_once(self) -> None:
        rollout = await self.store.start_rollout("spans")
        sent = span(rollout, 1, number=1, fraction=1.0, flag=True, text="ü", numbers=[1, 2])
        self.assertEqual(await self.store.add_span(sent), sent)
        self.assertIsNone(await self.store.add_span(sent))
        stored = await self.store.query_spans(rollout.rollout_id)
        self.assertEqual(stored.items, [sent])
        self.assertEqual([type(value) for value in stored[0].attributes.values()], [int, float, bool, str, list])
        now = await self.store.get_rollout_by_id(rollout.rollout_id)
        assert now is not None
        self.assertEqual(now.status, "running")

    async def test_numbers_are_given_out_once_per_rollout(self) -> None:
        rollout = await self.store.start_rollout("numbers")
        ids = (rollout.rollout_id, rollout.attempt.attempt_id)
        many = await asyncio.gather(*(self.store.get_next_span_sequence_id(*ids) for _ in range(20)))
        self.assertCountEqual(many, range(1, 21))
        await self.store.add_span(span(rollout, 100))
        self.assertEqual(await self.store.get_many_span_sequence_ids([ids, ids]), [101, 102])

    async def test_spans_are_found_by_attempt_name_and_parent(self) -> None:
        rollout = await self.store.start_rollout("search")
        parent = span(rollout, 2, "parent")
        child = span(rollout, 1, "child", parent.span_id)
        self.assertEqual(len(await self.store.add_many_spans([parent, child, child])), 2)
        again = await self.store.start_attempt(rollout.rollout_id)
        newer = span(again, 3, "child")
        await self.store.add_span(newer)

        async def found(*args: str, **filters: object) -> list[int]:
            page = await self.store.query_spans(rollout.rollout_id, *args, **filters)
            return [s.sequence_id for s in page]

        self.assertEqual(await found(), [1, 2, 3])
        self.assertEqual(await found(sort_order="desc", limit=2), [3, 2])
        self.assertEqual(await found("latest"), [3])
        self.assertEqual(await found(rollout.attempt.attempt_id, name="child"), [1])
        self.assertEqual(await found(parent_id=parent.span_id), [1])
        self.assertEqual(await found(name_contains="par", span_id=newer.span_id, filter_logic="or"), [2, 3])


class Waits(ClientTest):
    async def test_wait_answers_when_the_rollout_ends(self) -> None:
        one, two = await self.store.start_rollout(1), await self.store.start_rollout(2)
        ids = [one.rollout_id, two.rollout_id]
        self.assertEqual(await self.store.wait_for_rollouts(rollout_ids=ids, timeout=0.1), [])
        await self.store.update_attempt(two.rollout_id, "latest", status="succeeded")
        partial = await self.store.wait_for_rollouts(rollout_ids=ids, timeout=0.0)
        self.assertEqual([r.rollout_id for r in partial], ids[1:])

        waiting = asyncio.create_task(self.store.wait_for_rollouts(rollout_ids=ids))
        await asyncio.sleep(0.3)
        self.assertFalse(waiting.done())
        await self.store.update_attempt(one.rollout_id, "latest", status="failed")
        both = await asyncio.wait_for(waiting, AT_ONCE)
        self.assertEqual([(r.rollout_id, r.status) for r in both], list(zip(ids, ("failed", "succeeded"), strict=True)))


class Workers(ClientTest):
    async def test_worker_is_busy_during_an_attempt_and_idle_after(self) -> None:
        name = f"worker-{uuid.uuid4().hex[:6]}"
        self.assertEqual((await self.store.update_worker(name)).status, "unknown")
        rollout = await self.store.start_rollout("work", worker_id=name)
        busy = await self.store.get_worker_by_id(name)
        assert busy is not None
        self.assertEqual((busy.status, busy.current_rollout_id), ("busy", rollout.rollout_id))
        beating = await self.store.update_worker(name, {"cpu": {"pct": 1.5}})
        self.assertEqual((beating.status, beating.heartbeat_stats), ("busy", {"cpu": {"pct": 1.5}}))
        await self.store.update_attempt(rollout.rollout_id, "latest", status="succeeded")
        page = await self.store.query_workers(worker_id_contains=name, status_in=["idle"])
        self.assertEqual([(w.worker_id, w.current_rollout_id) for w in page], [(name, None)])


class Resources(ClientTest):
    async def test_resources_are_versioned_and_the_last_written_is_latest(self) -> None:
        prompt = agl.PromptTemplate(template="Hello {name}", engine="f-string")
        llm = agl.LLM(endpoint="http://localhost/v1", model="m", sampling_parameters={"temperature": 0.7})
        old = await self.store.add_resources({"prompt": prompt, "llm": llm})
        new = await self.store.add_resources({"llm": agl.ProxyLLM(endpoint="http://localhost/v1", model="m")})
        self.assertEqual((old.version, old.resources), (1, {"prompt": prompt, "llm": llm}))
        self.assertEqual(await self.store.get_latest_resources(), new)
        queued = await self.store.enqueue_rollout("uses the latest")
        self.assertEqual(queued.resources_id, new.resources_id)

        updated = await self.store.update_resources(old.resources_id, {"llm": llm})
        self.assertEqual((updated.version, updated.create_time, updated.resources), (2, old.create_time, {"llm": llm}))
        self.assertEqual(await self.store.get_latest_resources(), updated)
        self.assertEqual(await self.store.get_resources_by_id(new.resources_id), new)
        page = await self.store.query_resources(resources_id=old.resources_id)
        self.assertEqual((page.total, page.items), (1, [updated]))


class Statistics(ClientTest):
    async def test_statistics_count_what_was_added(self) -> None:
        before = await self.store.statistics()
        rollout = await self.store.start_rollout("counted")
        await self.store.add_span(span(rollout, 1))
        after = await self.store.statistics()
        for key in ("total_rollouts", "total_attempts", "total_spans"):
            self.assertEqual(after.get(key), before.get(key, 0) + 1, key)


if __name__ == "__main__":
    unittest.main(verbosity=2)
