// SPDX-FileCopyrightText: The Hearth authors
// SPDX-License-Identifier: AGPL-3.0-or-later

package main

import "os"

type point struct{ x, y int }

//go:noinline
func sum(p point, s string, f float64, xs []int, e error) int {
	return p.x + p.y + len(s) + int(f) + len(xs)
}

func main() {
	println(sum(point{1, len(os.Args)}, "text", 2.5, []int{1, 2}, nil))
}
