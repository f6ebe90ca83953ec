// SPDX-FileCopyrightText: The Hearth authors
// SPDX-License-Identifier: AGPL-3.0-or-later

package main

type counter struct{ n int }

func (c *counter) add(by int) int {
	c.n += by
	return c.n
}

func (c counter) get() int { return c.n }

type getter interface{ get() int }

func twice(f func(int) int, x int) int {
	return f(f(x))
}

func main() {
	c := &counter{1}
	c.add(2)
	var g getter = c
	n := g.get()
	double := func(x int) int {
		return x * 2
	}
	n = twice(double, n)
	println(n, len("abc"))
}
