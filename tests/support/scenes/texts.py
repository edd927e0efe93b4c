"""What the scripted replies say."""

from __future__ import annotations

LIFETIMES = """A *lifetime* names the region of code in which a reference is valid. The compiler checks that no
reference outlives what it points to, so a **dangling** one cannot be written.

```rust
fn longest<'a>(a: &'a str, b: &'a str) -> &'a str {
    if a.len() > b.len() { a } else { b }
}
```

| Rule | Meaning |
|------|---------|
| one input | its lifetime goes to the output |
| `&self` | the output lives as long as `self` |

1. Elision covers most signatures.
2. `'static` lives as long as the program.
"""
PASTA = """For eight people:

- 800 g spaghetti
- 6 eggs and 200 g pecorino
- 300 g guanciale

Whisk eggs and cheese, *off the heat*, into the drained pasta."""
FOURIER = r"""It writes a signal as a sum of waves, and tells how much of each **frequency** is in it:

$$\hat f(\xi) = \int_{-\infty}^{\infty} f(x)\,e^{-2\pi i x \xi}\,dx$$

| English | 日本語 | よみ |
|---|---|---|
| frequency | 周波数 | しゅうはすう |
| amplitude | 振幅 | しんぷく |
| spectrum | スペクトル | |

In practice a computer takes samples, and the fast algorithm, $O(n \log n)$:

```python
spectrum = np.fft.rfft(samples)
loudest = freqs[np.abs(spectrum).argmax()]
```
"""
BLOCKS = """# Release notes

Everything that **changed**, with `code` and a [link](https://example.org).

> [!NOTE]
> Back up before you begin.

## Steps

1. Stop the service:

   ```sh
   systemctl stop chat
   ```

2. Start it again.

| Version | Date | What is new |
|---|---|---|
| 1.0 | January | the first one |
| 1.1 | March | faster, with a search through everything |

> Quoted words.
"""
STRUCTS = """A struct that holds a reference names its lifetime too:

```rust
struct Excerpt<'a> {
    part: &'a str,
"""
REASONING = """Two trains, 300 km apart, heading for each other at 80 and 120 km/h.

Closing speed: 80 + 120 = 200 km/h.

Time: 300 / 200 = 1.5 h, so an hour and a half after 10:00.

Check: the first covers 120 km, the second 180 km; together 300 km. Good."""
TRAINS = "They meet at **11:30**, 120 km from where the slower one started."
