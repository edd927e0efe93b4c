"""Heights of many rows, most of them never laid out; every query takes O(log n).

A row is either measured (its height in lines is known) or estimated (only its weight is known, in characters).
The estimate is `weight * lines_per_weight` with one factor for all rows, so a better factor, learned from
measured rows, corrects every estimate at once without touching a row. Knows no Markdown and no widget.
"""

from __future__ import annotations

from collections.abc import Iterable


class HeightIndex:
    """Prefix sums over row heights, as two Fenwick trees: lines of measured rows, weights of estimated ones.

    Args:
        weights: Weight of each row, at least 1; every row starts as an estimate.
        lines_per_weight: The factor from weight to estimated lines.
    """

    __slots__ = ("_heights", "_lines", "_measured", "_measured_lines", "_measured_weight", "_top", "_weight_tree",
                 "_weights", "lines_per_weight")  # fmt: skip

    def __init__(self, weights: Iterable[int] = (), lines_per_weight: float = 1 / 40) -> None:
        self._weights = list(weights)
        count = len(self._weights)
        self._heights = [-1] * count
        self.lines_per_weight = lines_per_weight
        self._lines = [0] * (count + 1)
        self._weight_tree = [0, *self._weights]
        self._top = 1
        while self._top * 2 <= count:
            self._top *= 2
        tree = self._weight_tree
        for node in range(1, count + 1):
            parent = node + (node & -node)
            if parent <= count:
                tree[parent] += tree[node]
        self._measured: set[int] = set()
        self._measured_lines = 0
        self._measured_weight = 0

    def __len__(self) -> int:
        return len(self._weights)

    @property
    def total(self) -> int:
        """Height of all rows in lines."""
        return self.top_of(len(self._weights))

    def is_measured(self, row: int) -> bool:
        """Whether the row's height is known."""
        return self._heights[row] >= 0

    def height_of(self, row: int) -> int:
        """Height of one row in lines, measured or estimated."""
        height = self._heights[row]
        return height if height >= 0 else self.top_of(row + 1) - self.top_of(row)

    def top_of(self, row: int) -> int:
        """Lines above a row; `top_of(len(self))` is the total."""
        lines = weight = 0
        line_tree, weight_tree = self._lines, self._weight_tree
        while row > 0:
            lines += line_tree[row]
            weight += weight_tree[row]
            row &= row - 1
        return lines + int(weight * self.lines_per_weight)

    def find(self, line: int) -> tuple[int, int]:
        """Return the row that contains a line, and the line's number within that row.

        A line before the first or after the last counts as the first or the last one.

        Raises:
            IndexError: There are no rows.
        """
        count = len(self._weights)
        if not count:
            raise IndexError("no rows")
        line = max(0, line)
        row = lines = weight = 0
        step = self._top
        factor = self.lines_per_weight
        line_tree, weight_tree = self._lines, self._weight_tree
        while step:
            ahead = row + step
            if ahead <= count:
                next_lines = lines + line_tree[ahead]
                next_weight = weight + weight_tree[ahead]
                if next_lines + int(next_weight * factor) <= line:
                    row, lines, weight = ahead, next_lines, next_weight
            step >>= 1
        if row >= count:
            row = count - 1
            while row > 0 and not self.height_of(row):
                row -= 1
            return row, max(0, self.height_of(row) - 1)
        return row, line - (lines + int(weight * factor))

    def append(self, weight: int) -> None:
        """Add an estimated row at the end."""
        self._weights.append(weight)
        self._heights.append(-1)
        node = len(self._weights)
        if node >= self._top * 2:
            self._top *= 2
        lines = 0
        below = 1
        while below < node & -node:
            lines += self._lines[node - below]
            weight += self._weight_tree[node - below]
            below *= 2
        self._lines.append(lines)
        self._weight_tree.append(weight)

    def pop(self) -> None:
        """Remove the last row."""
        if self._heights[-1] >= 0:
            self.forget(len(self._weights) - 1)
        self._weights.pop()
        self._heights.pop()
        self._lines.pop()
        self._weight_tree.pop()
        while self._top > 1 and self._top > len(self._weights):
            self._top //= 2

    def measure(self, row: int, height: int) -> int:
        """Set a row's height in lines; return the change in the total."""
        old = self._heights[row]
        if old == height:
            return 0
        before = self.height_of(row)
        if old >= 0:
            self._add(self._lines, row, height - old)
            self._measured_lines += height - old
        else:
            self._add(self._lines, row, height)
            self._add(self._weight_tree, row, -self._weights[row])
            self._measured_lines += height
            self._measured_weight += self._weights[row]
        self._heights[row] = height
        self._measured.add(row)
        return height - before

    def forget(self, row: int) -> None:
        """Turn a measured row back into an estimate."""
        height = self._heights[row]
        if height < 0:
            return
        self._heights[row] = -1
        self._measured.discard(row)
        self._add(self._lines, row, -height)
        self._add(self._weight_tree, row, self._weights[row])
        self._measured_lines -= height
        self._measured_weight -= self._weights[row]

    def forget_all(self, lines_per_weight: float) -> None:
        """Turn every row back into an estimate with a new factor; costs only the measured rows."""
        for row in list(self._measured):
            self.forget(row)
        self.lines_per_weight = lines_per_weight

    def learn(self) -> None:
        """Update the factor from the rows measured so far, once there are enough of them."""
        if self._measured_weight >= 2000:
            self.lines_per_weight = self._measured_lines / self._measured_weight

    def _add(self, tree: list[int], row: int, amount: int) -> None:
        node, count = row + 1, len(self._weights)
        while node <= count:
            tree[node] += amount
            node += node & -node
