// SPDX-FileCopyrightText: The Hearth authors
// SPDX-License-Identifier: AGPL-3.0-or-later

package main

import "runtime"

func counter() func() int {
	n := 0
	return func() int {
		n++
		runtime.Breakpoint()
		return n
	}
}

func main() {
	c := counter()
	c()
	c()
	words := []string{"a", "b"}
	each := func(f func(int, string)) {
		for i, w := range words {
			f(i, w)
		}
	}
	total := 0
	each(func(i int, w string) {
		total += i + len(w)
		runtime.Breakpoint()
	})
	println(total)
}
