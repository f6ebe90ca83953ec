// SPDX-FileCopyrightText: The Hearth authors
// SPDX-License-Identifier: AGPL-3.0-or-later

package main

import "runtime"

type point struct{ x, y int }

func main() {
	i, u, f, b, s := 1, uint8(2), 1.5, false, "s"
	p := point{1, 2}
	q := &p
	l := []int{1, 2, 3}
	a := [2]int{4, 5}
	c := complex(1, 2)
	var e interface{} = 1
	runtime.Breakpoint()
	println(i, u, f, b, s, p.x, q.y, l[0], a[0], c, e)
}
