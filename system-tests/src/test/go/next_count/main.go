// SPDX-FileCopyrightText: The Hearth authors
// SPDX-License-Identifier: AGPL-3.0-or-later

package main

func f(i int) int {
	i++
	i *= 2
	return i
}

func main() {
	a := f(1)
	b := f(a)
	c := f(b)
	println(a, b, c)
}
