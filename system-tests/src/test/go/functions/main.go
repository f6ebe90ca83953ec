// SPDX-FileCopyrightText: The Hearth authors
// SPDX-License-Identifier: AGPL-3.0-or-later

package main

import "runtime"

type op func(int, int) int

func add(a, b int) int { return a + b }

func apply(f op, a, b int) int { return f(a, b) }

func main() {
	base := 10
	closure := func(x int) int { return x + base }
	var none func()
	f := add
	var g op = add
	adders := []func(int) int{closure, nil}
	counter := 0
	count := func() int { counter++; return counter }
	count()
	runtime.Breakpoint()
	println(closure(1), none == nil, f(1, 2), g(1, 2), adders, apply(add, 1, 2), count(), counter)
}
