"""Values of what looks like a secret are written nowhere. The rules are those of ``src/core/secrets.ts``."""

from __future__ import annotations

MASK = "********"

_PARTS = ("pass", "secret", "token", "key", "credential", "auth", "cookie", "session", "dsn", "connection")
_TEXT_SIGNS = ("sk-", "gh", "AKIA", "hf_", "://", "pass", "secret", "key", "token", "PASS", "SECRET", "KEY", "TOKEN")

_known: dict[str, bool] = {}


def is_secret(name: str) -> bool:
    """Whether a variable, flag or parameter of this name holds a secret: ``api_key`` does, ``max_tokens`` does not."""
    known = _known.get(name)
    if known is None:
        if len(_known) > 10_000:
            _known.clear()
        lower = name.lower()
        # Nearly every name holds none of the words, and `re` is not even imported.
        known = _known[name] = any(part in lower for part in _PARTS) and _matches(lower)
    return known


def _matches(lower: str) -> bool:
    import re

    return bool(
        re.search(
            r"pass(?:word|wd|phrase)?|secret|token|api[-_]?key|apikey|access[-_]?key|private[-_]?key|credential"
            r"|auth(?:orization)?|cookie|session[-_]?id|dsn|connection[-_]?string",
            lower,
        )
    ) and not re.search(
        r"token(?:s|izer)?_?(?:count|len|length|size|max|limit)|max_?tokens?|n_?tokens?|tokenizer|author", lower
    )


def mask_text(text: str) -> str:
    """Free text with what looks like a key, a password or a URL's credentials masked."""
    if not any(sign in text for sign in _TEXT_SIGNS):
        return text
    import re

    text = re.sub(
        r"(?i)(\b[\w-]*(?:password|passwd|secret|api[-_]?key|access[-_]?token)[\"']?\s*[=:]\s*[\"']?)[^\s\"',;&]+",
        r"\g<1>" + MASK,
        text,
    )
    text = re.sub(
        r"\b(?:sk-[A-Za-z0-9_-]{16,}|gh[pousr]_[A-Za-z0-9]{20,}|AKIA[0-9A-Z]{16}|hf_[A-Za-z0-9]{20,})\b", MASK, text
    )
    return re.sub(r"(://[^\s/:@]+:)[^\s/@]+@", r"\g<1>" + MASK + "@", text)


def mask_command(command: list[str]) -> list[str]:
    """argv with the values of secret flags masked: ``--api-key X``, ``--api-key=X``, ``PASSWORD=X``."""
    masked = []
    for at, argument in enumerate(command):
        name, equals, _ = argument.partition("=")
        before = command[at - 1] if at else ""
        if equals and is_secret(name):
            masked.append(f"{name}={MASK}")
        elif before.startswith("-") and "=" not in before and not argument.startswith("-") and is_secret(before):
            masked.append(MASK)
        else:
            masked.append(mask_text(argument))
    return masked
