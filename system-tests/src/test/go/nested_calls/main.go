// SPDX-FileCopyrightText: The Hearth authors
// SPDX-License-Identifier: AGPL-3.0-or-later

package main

func inner(x int) int {
	return x + 1
}

func outer(x int) int {
	return x * 2
}

func pair() (int, int) {
	return 1, 2
}

func add(a, b int) int {
	return a + b
}

func main() {
	x := outer(inner(3))
	y := add(pair())
	println(x, y, add(inner(x), outer(y)))
}
