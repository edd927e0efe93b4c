"""Paints only what changed, so that the app is as quick over a slow link as at home.

Textual 8.2 repaints whole regions: while a reply streams, 9 kB a frame, of which two cells in five had not changed
(no upstream issue). `Painter` keeps what the terminal shows and writes the difference:

- `pens`: colours and attributes, and the shortest sequence from one to another;
- `flats`: a piece of a line, the same object wherever its cells are the same;
- `chops`: the pieces that one of Textual's updates consists of;
- `shifts`: text that only moved, which the terminal can scroll by itself;
- `painter`: the model of the screen, and the bytes of a frame.
"""
