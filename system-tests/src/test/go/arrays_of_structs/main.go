// SPDX-FileCopyrightText: The Hearth authors
// SPDX-License-Identifier: AGPL-3.0-or-later

package main

import "runtime"

type cell struct {
	x, y  int
	label string
}

type grid struct {
	cells [2][2]cell
	index map[string]*cell
}

func main() {
	g := grid{index: map[string]*cell{}}
	g.cells[1][0] = cell{1, 2, "here"}
	g.index["here"] = &g.cells[1][0]
	list := []cell{{1, 2, "a"}, {3, 4, "b"}, {5, 6, "c"}}
	table := [][]cell{list[:1], list[1:]}
	runtime.Breakpoint()
	println(g.cells[0][0].x, len(list), len(table))
}
