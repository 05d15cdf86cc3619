"""Server error: everything that a server said when it refused a call, and what can be read out of it.

The words of the providers differ; what they mean is looked up in the patterns here. `provider_errors` decides what a
meaning leads to.
"""

from __future__ import annotations

import contextlib
import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime

from simulator import clock

_WRAPPING = re.compile(r"^((litellm\.)?\w*(Error|Exception|Timeout)\b\s*[:-]?\s*)+")
_MESSAGE = re.compile(r"""["']message["']\s*:\s*(["'])(.+?)(?<!\\)\1""")
_SINCE_1970 = 1e9
"""Seconds since 1970 that no wait is as long as."""
_LONGEST = 20_000
"""Characters of an error that are looked at."""

_NO_CREDIT = re.compile(
    r"insufficient_quota|insufficient[_ ](?:user[_ ])?(?:balance|funds|credits?)|credit balance|out of credits"
    r"|billing_hard_limit|billing_not_active|exceeded_current_quota_error|payment required|requires more credits"
    r"|account.{0,30}overdue|arrearage|credit limit exceeded|monthly spending limit"
    r"|(?:n't have (?:any|enough)|not have (?:any|enough)|used all(?: available)?|ran out of) credits"
    r"|specified API usage limits|failure to pay",
    re.IGNORECASE,
)
_DAILY = re.compile(
    r"(?:per|by|a|/)[ _-]?(?:day|month)(?!time|light|ly)|\b[RT]PD\b|(?:daily|monthly) (?:\w+ ){0,2}(?:limit|quota)",
    re.IGNORECASE,
)
_BUSY = re.compile(r"rate.?limit|too many requests|resource_exhausted|quota exceeded|throttl", re.IGNORECASE)
_OVERLOADED = re.compile(r"overloaded|over capacity|at capacity|server is busy|model_busy|no capacity", re.IGNORECASE)
_LOADING = re.compile(
    r"loading (?:the )?model|model\b.{0,60}\bis (?:currently |still )?(?:loading|being loaded|starting|not ready)"
    r"|still (?:loading|starting)|model loading|server is starting|not ready yet|warming up|getting ready|cold[- ]start"
    r"|scaling up from|waking up|ModelNotReady",
    re.IGNORECASE,
)
_FILTERED = re.compile(
    r"content[_ -]?(?:filter|policy|management policy|moderation)|ResponsibleAIPolicyViolation|data_?inspection_?failed"
    r"|content exists risk|prompt.{0,20}(?:was |is )?(?:blocked|flagged)|block_?reason|PROHIBITED_CONTENT"
    r"|requires moderation|safety system|usage policy|inappropriate content|sensitive (?:words?|content|information)"
    r"|SensitiveContentDetected|violat\w+ (?:our |the )?(?:.{0,30}polic|usage guideline)|flagged (?:for|by|as)"
    r"|cyber_policy|safety (?:filter|check|guardrail)|SAFETY_CHECK|blocked by .{0,40}(?:guardrail|filter|moderation)"
    r"|considered high risk|sensitive_input|new_sensitive|敏感",
    re.IGNORECASE,
)
_NO_ENDPOINT = re.compile(
    r"unexpected endpoint|no such (?:route|endpoint)|unknown (?:route|endpoint|url)", re.IGNORECASE
)
_SYSTEM_ROLE = re.compile(
    r"system (?:role|message|prompt|instruction)s?\b.{0,40}\bnot (?:supported|allowed|enabled)"
    r"|developer instruction is not enabled"
    r"|does(?:n't| not) support (?:the )?['`\"]?system|roles must alternate user"
    r"|only (?:supports? )?['`\"]?user['`\"]? and ['`\"]?assistant"
    r"|(?:first|initial) message must be (?:from )?(?:the )?user|role ['`\"]?system['`\"]? is not"
    r"|(?:invalid|unexpected|unknown|unsupported) (?:message )?role:? ['`\"]?system|must start with a user message",
    re.IGNORECASE,
)
_TOO_LONG = re.compile(
    r"context[_ ](?:length|size|window|limit)|maximum (?:context|model|prompt|sequence) length|max_model_len"
    r"|prompt is too long|prompt too long|input is too long|input length|too many (?:input )?tokens"
    r"|exceed_context_size|reduce the length|too large for model|(?:`inputs`|input) .{0,30}must (?:be|have)"
    r"|input token count|input tokens exceed|maximum input length|context the overflows|context overflow"
    r"|context shift is disabled|input is too large to process|model token limit|exceeds? max length"
    r"|range of input length|max(?:imum)?[ _](?:context|seq)|truncation_length|input length limit|max_num_tokens"
    r"|only supports up to"
    r"|longer than the (?:maximum )?model|tokens to keep from the initial prompt|request too large for model",
    re.IGNORECASE,
)
_WINDOW = tuple(
    re.compile(pattern, re.IGNORECASE)
    for pattern in (
        r'"?n_ctx"?\s*[:=]\s*(\d+)',
        r"\d+ \+ \d+ > (\d[\d,]*)",
        r"(?:context|model|sequence|max(?:imum)? (?:prompt|input)) (?:length|size|window|limit)"
        r"\s*(?:is|of only|of|:|=)?\s*\(?(\d[\d,]*)",
        r"limit (?:for this model )?is (\d[\d,]*)",
        r"(?:token limit:|length limit|max(?:imum)? context|max_seq_len|truncation_length|max_num_tokens"
        r"|supports up to)\s*\(?(\d[\d,]*)",
        r"range of input length should be \[\d+, ?(\d+)",
        r"configured limit of (\d[\d,]*)",
        r"tokens (?:per minute )?\(TPM\): limit (\d[\d,]*)",
        r"must (?:be <=|be less than or equal to|have less than|be at most)\s*(\d[\d,]*)",
        r"cannot exceed (\d[\d,]*)",
        r"tokens allowed \(?(\d[\d,]*)",
        r"too large for model with (\d[\d,]*)",
        r"(?:exceeds?|longer than|>)[^.\d\x22]{0,60}[(]?(?<!by )(\d[\d,]*)",
        r"(\d[\d,]*) (?:tokens? )?(?:maximum|max\b)",
    )
)
_REQUESTED = tuple(
    re.compile(pattern, re.IGNORECASE)
    for pattern in (
        r'"?n_prompt_tokens"?\s*[:=]\s*(\d+)',
        r"(\d[\d,]*) (?:tokens )?(?:input tokens|of text input|tokens in total"
        r"|in the messages|in your prompt|from the input|`inputs` tokens)",
        r"(?:resulted in|contains?|given:|prompt of|received|requested|first) (?:a total of )?(\d[\d,]*)",
        r"(?:prompt is too long|too long): (\d[\d,]*)",
        r"(?:token count|length|request|input|prompt) \(?(?:length )?(\d[\d,]*)",
        r"context limit: (\d[\d,]*)",
        r"(?:(?:token|current) length|token count) is (\d[\d,]*)",
    )
)
_DURATION = re.compile(
    r"(\d+(?:\.\d+)?)\s*(ms|milliseconds?|h(?:ours?|rs?)?|m(?:in(?:ute)?s?)?|s(?:ec(?:ond)?s?)?|d(?:ays?)?)(?![a-z])",
    re.I,
)
_ASKS_TO_WAIT = re.compile(
    r"(?:(?:try|retry|request) (?:it )?again|retry(?: the request)?|wait|available|reset(?:s)?|come back)"
    r"[^.\d]{0,30}?(?:in|after|for|at least)?\s*"
    r"((?:\d+(?:\.\d+)?\s*(?:ms|milliseconds?|hours?|hrs?|h|minutes?|mins?|m|seconds?|secs?|s|days?|d)(?![a-z])[\s,and]*)+)",
    re.IGNORECASE,
)
_RETRY_INFO = re.compile(
    r"""["']?(?:retryDelay|retry_?after|estimated_time|retry_after_seconds)["']?\s*:\s*["']?(\d+(?:\.\d+)?)s?""",
    re.IGNORECASE,
)
_RETRY_MS = re.compile(r"""["']?retry_?after_?ms["']?\s*:\s*["']?(\d+(?:\.\d+)?)""", re.IGNORECASE)
_RESET = re.compile(r"(?:x-ratelimit|anthropic-ratelimit|ratelimit)-(?:reset(?:-([a-z-]+))?|([a-z-]+)-reset)")
"""Headers that tell when a limit is over; with the name of the limit where there are several."""
_RESET_IN_BODY = re.compile(r"""["']X-RateLimit-Reset["']\s*:\s*["']?(\d+(?:\.\d+)?)""", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class ServerError:
    """What a server said, in full."""

    status: int | None
    """HTTP's, or the one named in the body of an answer with status 200; None: there is none."""
    text: str
    """Message and body, as they came."""
    headers: Mapping[str, str] = field(default_factory=dict)

    @classmethod
    def of(cls, error: BaseException) -> ServerError:
        """Read off an exception, ours or a library's, and what lies behind it."""
        texts = [str(error).partition("\nTraceback")[0]]
        headers: dict[str, str] = {}
        status = getattr(error, "status_code", None)
        for each in chain(error):
            body = getattr(each, "body", None)
            response = getattr(each, "response", None)
            for said in (body, getattr(response, "text", None)):
                if isinstance(said, dict | list):
                    texts.append(json.dumps(said, ensure_ascii=False, default=str))
                elif isinstance(said, str):
                    texts.append(said)
            for found in (
                getattr(each, "litellm_response_headers", None),
                getattr(each, "headers", None),
                getattr(response, "headers", None),
            ):
                if isinstance(found, Mapping):
                    headers = {str(name).lower(): str(value) for name, value in found.items()} | headers
        text = "\n".join(dict.fromkeys(texts))[:_LONGEST]
        return cls(status if isinstance(status, int) else None, text, headers)

    @property
    def message(self) -> str:
        """The server's own words on one line of at most 200 characters."""
        text = self.text.partition("\n")[0] if self.text.lstrip()[:1] not in "{[" else self.text
        found = _MESSAGE.search(text)
        if found:
            text = found[2]
        elif plain := re.search(r'"(?:error|detail)"\s*:\s*"((?:[^"\\]|\\.)+)"', text):
            text = plain[1].replace('\\"', '"')
        else:
            text = _WRAPPING.sub("", text.strip())
        return " ".join(text.replace("\\n", " ").split())[:200]

    @property
    def no_credit(self) -> bool:
        """The account has no money left."""
        return self.status == 402 or (self.status in (400, 403, 412, 429) and bool(_NO_CREDIT.search(self.text)))

    @property
    def daily(self) -> bool:
        """A quota of a day, or of a month, is used up."""
        return self.status in (403, 429) and bool(_DAILY.search(self.text))

    @property
    def busy(self) -> bool:
        """Too many requests for now."""
        return self.status == 429

    @property
    def overloaded(self) -> bool:
        """The server has too much to do, whoever asks."""
        return self.status in (503, 529) or bool(_OVERLOADED.search(self.text) and (self.status or 500) >= 500)

    @property
    def loading(self) -> bool:
        """The server is there, its model not yet."""
        return self.status in (424, 425, 429, 500, 502, 503) and bool(_LOADING.search(self.text))

    @property
    def filtered(self) -> bool:
        """A content filter refused the prompt."""
        return self.status in (400, 403, 422, 451) and bool(_FILTERED.search(self.text))

    @property
    def wrong_endpoint(self) -> bool:
        """Nothing listens at that path."""
        return self.status in (404, 405) or bool(_NO_ENDPOINT.search(self.text))

    @property
    def refuses_system_role(self) -> bool:
        """The model's template has no place for a system message."""
        return self.status in (400, 422, 500) and bool(_SYSTEM_ROLE.search(self.text))

    @property
    def too_long(self) -> bool:
        """The prompt, or prompt and answer together, have more tokens than the window."""
        return self.status in (400, 413, 422, 500) and bool(_TOO_LONG.search(self.text))

    @property
    def window(self) -> int | None:
        """Tokens that prompt and answer may have together, if the refusal names them."""
        return _number(_WINDOW, self.text, least=256)

    @property
    def requested(self) -> int | None:
        """Tokens of the prompt by the server's count, if the refusal names them."""
        return _number(_REQUESTED, self.text, least=1)

    def wait(self, now: datetime | None = None) -> float | None:
        """Seconds that the server asks to wait; None: it does not say. `now`: for dates; default: the server's own."""
        return next((seconds for seconds in self._waits(now) if seconds is not None), None)

    def _waits(self, now: datetime | None) -> Iterator[float | None]:
        for name, unit in (("retry-after-ms", 1000.0), ("retry-after", 1.0)):
            if (value := self.headers.get(name)) is not None:
                yield _seconds(value, unit) if _seconds(value, unit) is not None else self._date(value, now)
        if found := _RETRY_MS.search(self.text):
            yield float(found[1]) / 1000
        if found := _RETRY_INFO.search(self.text):
            yield float(found[1])
        if found := _ASKS_TO_WAIT.search(self.text):
            yield duration(found[1])
        if self.status == 429:
            yield self._reset(now)
            if found := _RESET_IN_BODY.search(self.text):
                yield self._instant(float(found[1]), now)

    def _reset(self, now: datetime | None) -> float | None:
        """Seconds until the last of the limits is over that nothing is left of, by the headers."""
        ends = []
        for name, value in self.headers.items():
            if (found := _RESET.fullmatch(name)) is None:
                continue
            limit = found[1] or found[2]
            left = next((left for key, left in self.headers.items() if limit and _left(key, limit)), None)
            if left is None or _seconds(left, 1.0) == 0.0:
                number = _seconds(value, 1.0)
                ends.append(self._date(value, now) if number is None else self._instant(number, now))
        return max((end for end in ends if end is not None), default=None)

    def _instant(self, number: float, now: datetime | None) -> float:
        """Seconds until a number that is a time since 1970, in seconds or milliseconds, or seconds from now already."""
        if number < _SINCE_1970:
            return number
        seconds = number / 1000 if number > 1000 * _SINCE_1970 else number
        return max(0.0, seconds - self._now(now).timestamp())

    def _date(self, value: str, now: datetime | None) -> float | None:
        try:
            until = parsedate_to_datetime(value)
        except (TypeError, ValueError):
            try:
                until = datetime.fromisoformat(value)
            except ValueError:
                return duration(value)
        try:
            return max(0.0, (until - self._now(now)).total_seconds())
        except TypeError:  # one of them has no time zone
            return None

    def _now(self, now: datetime | None) -> datetime:
        """What the time is, by the server's own clock if it tells."""
        if now is None:
            with contextlib.suppress(TypeError, ValueError):
                now = parsedate_to_datetime(self.headers.get("date", ""))
        return now or datetime.fromtimestamp(clock.wall(), UTC)


def _left(header: str, limit: str) -> bool:
    return "remaining" in header and limit in header


def chain(error: BaseException | None) -> Iterator[BaseException]:
    """The exception and those that it came from."""
    seen: set[int] = set()
    while error is not None and id(error) not in seen:
        seen.add(id(error))
        yield error
        error = error.__cause__ or error.__context__


def duration(words: str) -> float | None:
    """Seconds in a duration such as `7m12.5s`, `20ms` or `2 minutes`; None: there is none.

    >>> duration("1h2m3.5s"), duration("20ms"), duration("soon")
    (3723.5, 0.02, None)
    """
    parts = [(float(number), unit.lower()) for number, unit in _DURATION.findall(words)]
    if not parts:
        return None
    units = {"m": 60.0, "h": 3600.0, "s": 1.0, "d": 86400.0}
    return sum(number * (0.001 if unit.startswith(("ms", "mil")) else units[unit[0]]) for number, unit in parts)


def _seconds(value: str, unit: float) -> float | None:
    try:
        return max(0.0, float(value) / unit)
    except ValueError:
        return None


def _number(patterns: tuple[re.Pattern[str], ...], text: str, *, least: int) -> int | None:
    for pattern in patterns:
        for found in pattern.finditer(text):
            number = int(found[1].replace(",", "") or 0)
            if number >= least:
                return number
    return None


def status_in_body(error: object) -> int:
    """The status that an error inside an answer of status 200 stands for, in [400, 599]."""
    if isinstance(error, Mapping):
        for name in ("code", "status", "status_code"):
            value = error.get(name)
            if isinstance(value, int | str) and str(value).isdigit() and 400 <= int(value) < 600:
                return int(value)
    text = json.dumps(error, default=str)
    for pattern, status in ((_NO_ENDPOINT, 404), (_OVERLOADED, 529), (_BUSY, 429), (_TOO_LONG, 400), (_FILTERED, 400)):
        if pattern.search(text):
            return status
    return 500
