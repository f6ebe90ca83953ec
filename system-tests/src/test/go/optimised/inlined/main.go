// SPDX-FileCopyrightText: The Hearth authors
// SPDX-License-Identifier: AGPL-3.0-or-later

package main

import "os"

func double(x int) int {
	return x * 2
}

func triple(x int) int {
	return double(x) + x
}

//go:noinline
func work(n int) int {
	a := triple(n)
	b := double(a)
	return a + b
}

func main() {
	println(work(len(os.Args)))
}
