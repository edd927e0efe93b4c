"""Common LaTeX as Unicode, where that stays readable on one line; the rest is left as written."""

from __future__ import annotations

import re

_GREEK = (
    "alpha α beta β gamma γ delta δ epsilon ε varepsilon ε zeta ζ eta η theta θ vartheta ϑ iota ι "
    "kappa κ lambda λ mu μ nu ν xi ξ omicron ο pi π varpi ϖ rho ρ varrho ϱ sigma σ varsigma ς tau τ "
    "upsilon υ phi φ varphi φ chi χ psi ψ omega ω Gamma Γ Delta Δ Theta Θ Lambda Λ Xi Ξ Pi Π Sigma Σ "
    "Upsilon Υ Phi Φ Psi Ψ Omega Ω"
)
_SIGNS = (
    "sum ∑ prod ∏ coprod ∐ int ∫ iint ∬ iiint ∭ oint ∮ partial ∂ nabla ∇ infty ∞ pm ± mp ∓ times × "
    "div ÷ cdot · ast ∗ star ⋆ circ ∘ bullet • oplus ⊕ ominus ⊖ otimes ⊗ odot ⊙ le ≤ leq ≤ leqslant ≤ "
    "ge ≥ geq ≥ geqslant ≥ ne ≠ neq ≠ equiv ≡ approx ≈ sim ∼ simeq ≃ cong ≅ propto ∝ ll ≪ gg ≫ in ∈ "
    "notin ∉ ni ∋ subset ⊂ subseteq ⊆ supset ⊃ supseteq ⊇ cup ∪ cap ∩ setminus ∖ emptyset ∅ "
    "varnothing ∅ forall ∀ exists ∃ nexists ∄ neg ¬ lnot ¬ land ∧ wedge ∧ lor ∨ vee ∨ to → rightarrow → "
    "longrightarrow ⟶ leftarrow ← gets ← leftrightarrow ↔ Rightarrow ⇒ Longrightarrow ⟹ implies ⟹ "
    "Leftarrow ⇐ impliedby ⟸ Leftrightarrow ⇔ iff ⟺ mapsto ↦ uparrow ↑ downarrow ↓ hookrightarrow ↪ "
    "ldots … dots … cdots ⋯ vdots ⋮ ddots ⋱ langle ⟨ rangle ⟩ lfloor ⌊ rfloor ⌋ lceil ⌈ rceil ⌉ lvert | "
    "rvert | vert | mid | lVert ‖ rVert ‖ Vert ‖ parallel ∥ perp ⊥ angle ∠ triangle △ square □ "
    "blacksquare ■ diamond ⋄ prime ′ hbar ℏ ell ℓ Re ℜ Im ℑ aleph ℵ wp ℘ degree ° dagger † ddagger ‡ "
    "therefore ∴ because ∵ models ⊨ vdash ⊢ dashv ⊣ top ⊤ bot ⊥ lbrace { rbrace } backslash \\ colon : "
    "lt < gt > checkmark ✓ prec ≺ succ ≻ asymp ≍ doteq ≐ triangleq ≜ coloneqq ≔ surd √ "
    "rightleftharpoons ⇌"
)
_FUNCTIONS = (
    "sin cos tan cot sec csc arcsin arccos arctan sinh cosh tanh log ln lg exp lim limsup liminf max "
    "min sup inf det dim ker deg gcd lcm arg argmax argmin Pr hom tr bmod mod"
)


def _pairs(listing: str) -> dict[str, str]:
    words = listing.split()
    return dict(zip(words[::2], words[1::2], strict=True))


_MAX_DEPTH = 8
_WIDE = "\u2003"
"""Placeholder for a gap until the whole formula is converted."""
_COMMANDS = {
    **_pairs(_GREEK),
    **_pairs(_SIGNS),
    **{name: name for name in _FUNCTIONS.split()},
    "quad": _WIDE, "qquad": _WIDE, "left": "", "right": "", "big": "", "Big": "", "bigg": "", "Bigg": "",
    "bigl": "", "bigr": "", "Bigl": "", "Bigr": "", "displaystyle": "", "textstyle": "", "limits": "",
    "nolimits": "", "nonumber": "", "notag": "", "middle": "", "allowbreak": "", "pmod": "mod ",
    "smallskip": "", "medskip": "", "hline": "",
}  # fmt: skip
_SPACES = {",": " ", ";": " ", ":": " ", "!": "", " ": " ", "\\": "\n", "|": "‖", "{": "{", "}": "}"}
_ACCENTS = {
    "hat": "\u0302", "widehat": "\u0302", "bar": "\u0304", "overline": "\u0304", "vec": "\u20d7",
    "tilde": "\u0303", "widetilde": "\u0303", "dot": "\u0307", "ddot": "\u0308", "check": "\u030c",
    "breve": "\u0306", "acute": "\u0301", "grave": "\u0300", "mathring": "\u030a", "underline": "\u0332",
    "not": "\u0338",
}  # fmt: skip
_WRAPPERS = (
    "text textrm textbf textit texttt textsf textnormal mathrm mathbf mathit mathsf mathtt mathnormal "
    "operatorname boldsymbol bm mbox hbox boxed substack phantom tag label color mathop mathcal mathscr "
    "mathfrak"
)
_WRAPPER_NAMES = frozenset(_WRAPPERS.split())
_DOUBLE_STRUCK = dict(zip("CHNPQRZ", "ℂℍℕℙℚℝℤ", strict=True))
_SCRIPT = dict(zip("BEFHILMRego", "ℬℰℱℋℐℒℳℛℯℊℴ", strict=True))
_SUPER = dict(
    zip("0123456789+-=()abcdefghijklmnoprstuvwxyzABDEGHIJKLMNOPRTUVW′*αβγδθφχ ",
        "⁰¹²³⁴⁵⁶⁷⁸⁹⁺⁻⁼⁽⁾ᵃᵇᶜᵈᵉᶠᵍʰⁱʲᵏˡᵐⁿᵒᵖʳˢᵗᵘᵛʷˣʸᶻᴬᴮᴰᴱᴳᴴᴵᴶᴷᴸᴹᴺᴼᴾᴿᵀᵁⱽᵂ′*ᵅᵝᵞᵟᶿᵠᵡ ", strict=True)
)  # fmt: skip
_SUB = dict(
    zip("0123456789+-=()aehijklmnoprstuvxβγρφχ ", "₀₁₂₃₄₅₆₇₈₉₊₋₌₍₎ₐₑₕᵢⱼₖₗₘₙₒₚᵣₛₜᵤᵥₓᵦᵧᵨᵩᵪ ", strict=True)
)
_COMMAND = re.compile(r"\\([A-Za-z]+)\*? ?|\\(.)", re.S)
_ENVIRONMENT = re.compile(
    r"\\(?:begin|end)\{(?:aligned?|gathered|equation|gather|split|cases|[pbvBV]?matrix|array|eqnarray)\*?\}"
    r"(?:\{[lcr| ]*\})?"
)
_SIMPLE = re.compile(r"[\w.′'ℏℓ∞√\u0300-\u036f\u2070-\u209f⁰¹²³]*$")


def to_unicode(formula: str) -> str:
    """Return a formula with its commands replaced by Unicode; unknown commands stay as written.

    Args:
        formula: The text between the formula's delimiters.
    """
    formula = _ENVIRONMENT.sub("", formula).replace("&", _WIDE) if "\\" in formula else formula
    text, _ = _convert(formula, 0, "", 0)
    text = re.sub(f" *{_WIDE}[ {_WIDE}]*", _WIDE, re.sub(" {2,}", " ", text))
    return re.sub(f"[ {_WIDE}]*\\n[ {_WIDE}\\n]*", "\n", text).strip(f" \n{_WIDE}").replace(_WIDE, "  ")


def _convert(source: str, position: int, closer: str, depth: int) -> tuple[str, int]:
    """Convert up to the closing brace or the end; return the text and the position after it."""
    parts: list[str] = []
    length = len(source)
    while position < length:
        character = source[position]
        if character == closer:
            return "".join(parts), position + 1
        if character in "^_" and position + 1 < length:
            inner, position = _argument(source, position + 1, depth)
            parts.append(_script(inner, character))
        elif character == "\\":
            text, position = _command(source, position, depth)
            parts.append(text)
        elif character == "{":
            if depth >= _MAX_DEPTH:
                parts.append(character)
                position += 1
            else:
                inner, position = _convert(source, position + 1, "}", depth + 1)
                parts.append(inner)
        elif character == "}":
            position += 1
        else:
            parts.append("′" if character == "'" else " " if character == "~" else character)
            position += 1
    return "".join(parts), position


def _argument(source: str, position: int, depth: int) -> tuple[str, int]:
    while position < len(source) and source[position] == " ":
        position += 1
    if position >= len(source):
        return "", position
    if source[position] == "{" and depth < _MAX_DEPTH:
        return _convert(source, position + 1, "}", depth + 1)
    if source[position] == "\\" and depth < _MAX_DEPTH:
        return _command(source, position, depth + 1)
    return source[position], position + 1


def _script(inner: str, kind: str) -> str:
    if not inner:
        return kind
    if inner in ("∘", "°") and kind == "^":
        return "°"
    inner = inner.replace("−", "-")
    table = _SUPER if kind == "^" else _SUB
    if all(character in table for character in inner):
        return "".join(table[character] for character in inner)
    return f"{kind}{inner}" if len(inner) == 1 else f"{kind}({inner})"


def _grouped(text: str) -> str:
    return text if _SIMPLE.match(text) else f"({text})"


def _command(source: str, position: int, depth: int) -> tuple[str, int]:
    found = _COMMAND.match(source, position)
    if found is None:
        return "\\", position + 1
    name = found[1]
    if name is None:
        return _SPACES.get(found[2], found[2]), found.end()
    if name in _COMMANDS:
        text = _COMMANDS[name]
        behind = found.end()
        if name in ("left", "right") and source[behind : behind + 1] == ".":
            behind += 1
        # The space that ends a command's name is kept if it separates words or symbols.
        return (text + " " if text and source[behind - 1] == " " else text), behind
    after = found.end()
    if name in ("frac", "dfrac", "tfrac", "cfrac", "binom"):
        upper, after = _argument(source, after, depth)
        lower, after = _argument(source, after, depth)
        if name == "binom":
            return f"C({upper}, {lower})", after
        return f"{_grouped(upper)}/{_grouped(lower)}", after
    if name == "sqrt":
        return _root(source, after, depth)
    if name in _ACCENTS:
        inner, after = _argument(source, after, depth)
        return (inner + _ACCENTS[name] if len(inner) == 1 else inner), after
    if name in ("mathbb", "Bbb"):
        inner, after = _argument(source, after, depth)
        return "".join(_DOUBLE_STRUCK.get(letter, letter) for letter in inner), after
    if name in ("mathcal", "mathscr"):
        inner, after = _argument(source, after, depth)
        return "".join(_SCRIPT.get(letter, letter) for letter in inner), after
    if name in _WRAPPER_NAMES:
        return _argument(source, after, depth)
    return found[0], after


def _root(source: str, position: int, depth: int) -> tuple[str, int]:
    sign = "√"
    if source[position : position + 1] == "[":
        end = source.find("]", position)
        if end > 0:
            degree = source[position + 1 : end]
            sign = {"3": "∛", "4": "∜"}.get(degree, _script(degree, "^") + "√")
            position = end + 1
    inner, position = _argument(source, position, depth)
    return f"{sign}{inner}" if len(inner) == 1 or inner.isalnum() else f"{sign}({inner})", position
