// SPDX-FileCopyrightText: The Hearth authors
// SPDX-License-Identifier: AGPL-3.0-or-later

package main

func factorial(n int) int {
	if n <= 1 {
		return 1
	}
	r := factorial(n - 1)
	return n * r
}

func main() {
	println(factorial(5))
}
