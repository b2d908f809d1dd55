"""Makes the declarations for cffi of include/volcv.h, which is the only place where they are written."""

import re


def version(header: str) -> str:
    """The version of the header, which is that of the package."""
    found = re.search(r'^#define VOLCV_VERSION "([^"]+)"$', header, re.M)
    if found is None:
        raise ValueError("the header has no VOLCV_VERSION")
    return found.group(1)


def declarations(header: str) -> str:
    """The header's numbers, types and functions, without what only a preprocessor or a compiler understands."""
    text = re.sub(r"/\*.*?\*/|//[^\n]*", "", header, flags=re.S)
    numbers = re.findall(r"^#define (VOLCV_\w+) \((-?\d+)u?\)$", text, re.M)
    text = re.sub(r"^static inline .*?^}", "", text, flags=re.S | re.M)
    text = re.sub(r"^#ifdef __cplusplus$.*?^#endif", "", text, flags=re.S | re.M)
    text = re.sub(r"^#.*$", "", text, flags=re.M)
    text = re.sub(r"\bVOLCV_(API|CALL)\b *", "", text)
    text = re.sub(r"\n\s*\n+", "\n", text)
    return "".join(f"#define {name} {number}\n" for name, number in numbers) + text
