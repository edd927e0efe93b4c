"""Which Latin key a letter of another keyboard layout is on, so that Ctrl and Alt work whatever the layout.

Terminals send Ctrl and Alt with the letter of the layout in use. Those that speak kitty's keyboard protocol can
add the Latin key; for all others, these tables know the usual layouts.
"""

from __future__ import annotations

from functools import cache

_QWERTY = "qwertyuiop[]asdfghjkl;'zxcvbnm,./`"

_LAYOUTS = (
    "йцукенгшщзхъфывапролджэячсмитьбю.ё",  # Russian
    "йцукенгшщзхїфівапролджєячсмитьбю.'",  # Ukrainian
    "йцукенгшўзх'фывапролджэячсмітьбю.ё",  # Belarusian
    "яверуиопшщъюасдфгхйклжѓзьцжбнм,./ч",  # Bulgarian, phonetic
    ";ςερτυθιοπ[]ασδφγηξκλ΄'ζχψωβνμ,./`",  # Greek
    "/'קראטוןםפ][שדגכעיחלךף,זסבהנמצתץ.;",  # Hebrew
    "ضصثقفغعهخحجدشسيبلاتنمكطئءؤرىةوزظ",  # Arabic
    "ๆไำพะัีรนยบลฟหกดเ้่าสวงผปแอิืทมใฝ_",  # Thai
    "ㅂㅈㄷㄱㅅㅛㅕㅑㅐㅔ[]ㅁㄴㅇㄹㅎㅗㅓㅏㅣ;'ㅋㅌㅊㅍㅠㅜㅡ,./`",  # Korean
)


@cache
def _latin() -> dict[str, str]:
    found: dict[str, str] = {}
    for layout in _LAYOUTS:
        for char, key in zip(layout, _QWERTY, strict=False):
            if not char.isascii():
                found.setdefault(char, key)
    return found


def latin_key(char: str) -> str:
    """Return the key of the US layout that types a character of another script; other characters unchanged.

    Args:
        char: One character, in lower case.
    """
    return char if char.isascii() else _latin().get(char, char)
