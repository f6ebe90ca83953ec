// SPDX-FileCopyrightText: The Hearth authors
// SPDX-License-Identifier: AGPL-3.0-or-later

package main

type acc struct{ total int }

func (a *acc) add(n int) int {
	a.total += n
	return a.total
}

func run(f func(int) int, n int) int {
	return f(n)
}

func main() {
	a := &acc{}
	add := a.add
	expr := (*acc).add
	println(run(add, 2), expr(a, 3), add(4))
}
