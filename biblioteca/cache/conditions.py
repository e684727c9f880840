"""Comparing entity tags (RFC 9110, section 13.1)."""

import re

ENTITY_TAG = re.compile(r'(W/)?"([\x21\x23-\x7e\x80-\xff]*)"')


def names(header: str, tag: str, *, weak: bool) -> bool:
    """Tell whether an If-Match or If-None-Match header names ``tag``.

    ``weak`` selects the weak comparison, that of If-None-Match.
    """
    if header.strip() == "*":
        return True
    return any(
        f'"{opaque}"' == tag and (weak or not weak_mark)
        for weak_mark, opaque in ENTITY_TAG.findall(header)
    )
