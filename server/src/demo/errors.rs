//! What goes wrong.

use super::random::Random;
use super::script::Step;

/// A stack trace as Python prints it.
pub(super) fn trace(function: &str, kind: &str, message: &str) -> String {
    format!(
        "Traceback (most recent call last):\n  \
         File \"/srv/agents/runner.py\", line 212, in _run_attempt\n    \
         result = await self._agent.rollout_async(task, resources, rollout)\n  \
         File \"/srv/agents/tools.py\", line 48, in {function}\n    \
         return backend.call(arguments)\n  \
         File \"/usr/lib/python3.12/site-packages/httpx/_client.py\", line 1629, in send\n    \
         response = await self._send_handling_auth(request)\n\
         {kind}: {message}\n"
    )
}

/// An error that ends an attempt.
pub(super) fn fatal(random: &mut Random) -> Step {
    let (kind, message, function) = *random.pick(&[
        ("openai.APITimeoutError", "Request timed out.", "complete"),
        ("openai.RateLimitError", "Error code: 429 - rate limit reached for this model", "complete"),
        ("json.JSONDecodeError", "Expecting ',' delimiter: line 1 column 214 (char 213)", "parse_arguments"),
        ("ValueError", "the model answered without a number", "read_answer"),
        ("torch.OutOfMemoryError", "CUDA out of memory. Tried to allocate 2.00 GiB", "generate"),
    ]);
    Step::Throw { kind, message: message.to_owned(), trace: trace(function, kind, message) }
}
